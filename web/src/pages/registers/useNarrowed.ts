// What a register's list, map and sheet are narrowed by: kept in the address bar, one entry a declared filter.
import { computed, type Ref } from "vue";
import type { Query } from "@/api/client";
import { useAddress } from "@/composables/useAddress";
import type { Register } from "./calls";

const FIELD = "f.";

export function useNarrowed(register: Ref<Register | null>) {
  const { read, set, field, page } = useAddress();
  const words = field("q");
  const state = field("state");
  const unit = field("unit");
  const view = computed({ get: () => (read("view") === "map" ? "map" : "table"), set: (next) => set({ view: next === "map" ? "map" : "", page: "" }) });
  const filters = computed(() => register.value?.fields.filter((one) => one.filter) ?? []);
  const fields = computed(() => Object.fromEntries(filters.value.flatMap((one) => (read(FIELD + one.name) ? [[one.name, read(FIELD + one.name)]] : []))));
  const query = computed<Query>(() => ({
    q: words.value,
    state: state.value,
    unit_id: unit.value,
    where: Object.entries(fields.value).map(([name, value]) => `${name}:${value}`),
  }));
  const wanted = computed(() => ({ q: words.value || null, state: state.value || null, unit_id: unit.value || null, fields: fields.value }));
  const filtered = computed(() => words.value !== "" || state.value !== "" || unit.value !== "" || Object.keys(fields.value).length > 0);

  function clear(): void {
    set({ q: "", state: "", unit: "", page: "", ...Object.fromEntries(filters.value.map((one) => [FIELD + one.name, ""])) });
  }
  const choose = (name: string, value: string | null): void => set({ [FIELD + name]: value ?? "", page: "" });

  return { words, state, unit, view, page, fields, filters, query, wanted, filtered, clear, choose };
}

export type Narrowed = ReturnType<typeof useNarrowed>;

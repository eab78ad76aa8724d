// The inspection plans, read once for the page: their names, and the plan that the address names (scene/plan).
import { computed, onMounted, type Ref, watch } from "vue";
import { calls } from "@/api/calls";
import type { Query } from "@/api/client";
import type { useAddress } from "@/composables/useAddress";
import { useLoad } from "@/composables/useLoad";
import { say } from "@/i18n";

export function usePlans(chosen?: Ref<string>) {
  const { data, load } = useLoad(calls.inspectionPlans);
  const plans = computed(() => data.value?.items ?? []);
  const keyOf = (one: { scene: string; plan: string }): string => `${one.scene}/${one.plan}`;
  const options = computed(() => plans.value.map((one) => ({ value: keyOf(one), label: `${say(one.register_title)} · ${say(one.title)}`, plan: one })));
  const titleOf = (one: { scene: string; plan: string }): string => {
    const found = plans.value.find((plan) => keyOf(plan) === keyOf(one));
    return found ? say(found.title) : one.plan;
  };
  const plan = computed(() => plans.value.find((one) => keyOf(one) === chosen?.value) ?? null);
  /** What narrows a list to the chosen plan. */
  const query = computed(() => {
    const [scene, name] = (chosen?.value ?? "").split("/");
    return { scene: scene || undefined, plan: name || undefined };
  });
  return { plans, options, titleOf, plan, query, load };
}

const PAGE_SIZE = 50;

/** A list by pages that a plan and these values (by name in the request) of the address narrow, read when they change. */
export function usePlanList<T>(read: (query: Query) => Promise<T>, { field, page }: ReturnType<typeof useAddress>, values: Record<string, Ref<string>>) {
  const plan = field("plan");
  const { options, titleOf, query: ofPlan, load: loadPlans } = usePlans(plan);
  const chosen = computed(() => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.value])));
  const query = computed(() => ({ ...ofPlan.value, ...chosen.value, page: page.value, page_size: PAGE_SIZE }));
  const list = useLoad(() => read(query.value));
  const filtered = computed(() => [plan.value, ...Object.values(chosen.value)].some((value) => value !== ""));
  watch(query, list.load);
  onMounted(() => void Promise.all([list.load(), loadPlans()]));
  return { ...list, plan, page, options, titleOf, filtered };
}

export const objectPath = (register: string, id: string): string => `/registers/${encodeURIComponent(register)}/${encodeURIComponent(id)}`;

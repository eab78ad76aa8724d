// The map's filters, all in the address: vehicle states, severities, unit, words, hidden layers, and what is selected.
import { computed } from "vue";
import { SEVERITIES, type Alert, type Case, type Severity, VEHICLE_STATES, type VehicleState } from "@/api/types";
import { useAddress } from "@/composables/useAddress";
import { LAYER_GROUPS, type LayerGroup } from "@/map/style";
import { alerts, cases, units } from "@/stores/city";
import type { FleetVehicle } from "@/stores/vehicles";

export type SelectionKind = "vehicle" | "alert" | "case" | "crew" | "closure";
export interface Selection {
  kind: SelectionKind;
  id: string;
}
/** Layers that are off until somebody asks for them. */
const OFF_AT_FIRST: readonly LayerGroup[] = ["streets", "grids"];
const KINDS: readonly string[] = ["vehicle", "alert", "case", "crew", "closure"];

export function useMapFilters() {
  const address = useAddress();
  const list = (name: string) => address.read(name).split(",").filter((part) => part !== "");

  /** Chosen values of a set of which all are on when none is named. */
  function choice<V extends string>(name: string, all: readonly V[]) {
    return computed<readonly V[]>({
      get: () => {
        const named = all.filter((value) => list(name).includes(value));
        return named.length === 0 ? all : named;
      },
      set: (next) => address.set({ [name]: next.length === all.length ? undefined : next.join(",") }),
    });
  }

  const states = choice<VehicleState>("state", VEHICLE_STATES);
  const severities = choice<Severity>("severity", SEVERITIES);
  const unit = address.field("unit");
  const words = address.field("q");
  const toggled = computed(() => new Set(list("layers")));
  const shown = (group: LayerGroup): boolean => OFF_AT_FIRST.includes(group) === toggled.value.has(group);

  function toggle(group: LayerGroup): void {
    const next = new Set(toggled.value);
    if (!next.delete(group)) next.add(group);
    address.set({ layers: [...next].join(",") });
  }

  const selection = computed<Selection | null>({
    get: () => {
      const [kind = "", id = ""] = address.read("sel").split(":");
      return KINDS.includes(kind) && id !== "" ? { kind: kind as SelectionKind, id } : null;
    },
    set: (next) => address.set({ sel: next === null ? undefined : `${next.kind}:${next.id}` }),
  });

  const matches = (...texts: (string | null | undefined)[]): boolean => {
    const wanted = words.value.trim().toLowerCase();
    return wanted === "" || texts.some((text) => text?.toLowerCase().includes(wanted));
  };
  const wantsVehicle = computed(() => {
    const wantedStates = new Set(states.value);
    const wantedUnit = unit.value;
    const plain = words.value.trim() === "";
    const named = new Set(units.value.filter((entry) => matches(entry.name)).map((entry) => entry.unit_id));
    // No free search for plates: only a vehicle that an active alert or an open case is about is found by its plate.
    const concerned = new Set([...alerts.value, ...cases.value].filter((item) => matches(item.plate)).map((item) => item.vehicle_id));
    return (vehicle: FleetVehicle): boolean =>
      wantedStates.has(vehicle.state) &&
      (wantedUnit === "" || vehicle.unit_id === wantedUnit) &&
      (plain || concerned.has(vehicle.vehicle_id) || (vehicle.unit_id !== null && named.has(vehicle.unit_id)));
  });
  const wantsWork = (item: Alert | Case): boolean =>
    severities.value.includes(item.severity) &&
    (unit.value === "" || item.unit_id === unit.value) &&
    matches(item.plate, item.unit_name, item.title.zh, item.title.en, "number" in item ? item.number : null);

  const filtered = computed(
    () => unit.value !== "" || words.value !== "" || states.value.length < VEHICLE_STATES.length || severities.value.length < SEVERITIES.length,
  );
  const clear = (): void => address.set({ unit: undefined, q: undefined, state: undefined, severity: undefined });

  return { states, severities, unit, words, shown, toggle, selection, wantsVehicle, wantsWork, filtered, clear, groups: Object.keys(LAYER_GROUPS) as LayerGroup[] };
}

export type MapFilters = ReturnType<typeof useMapFilters>;

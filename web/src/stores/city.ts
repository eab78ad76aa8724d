// What the map page knows besides vehicles: active alerts, open cases, crews, closures and units. Read again when the
// stream says that something changed; each list has a bound.
import { reactive, shallowRef } from "vue";
import { calls } from "@/api/calls";
import type { Alert, Case, Closure, Crew, Problem, Unit } from "@/api/types";
import { problemFrom } from "@/composables/useLoad";
import { can } from "./session";

/** The most alerts and cases the map holds at once; the total is shown when there are more. */
export const MAP_LIST_LIMIT = 200;

export const alerts = shallowRef<readonly Alert[]>([]);
export const cases = shallowRef<readonly Case[]>([]);
export const crews = shallowRef<readonly Crew[]>([]);
export const closures = shallowRef<readonly Closure[]>([]);
export const units = shallowRef<readonly Unit[]>([]);
export const totals = reactive({ alerts: 0, cases: 0 });
export const cityProblem = shallowRef<Problem | null>(null);

async function guarded(read: () => Promise<void>): Promise<void> {
  try {
    await read();
    cityProblem.value = null;
  } catch (error) {
    cityProblem.value = problemFrom(error);
  }
}

export const loadAlerts = () =>
  guarded(async () => {
    if (!can("alerts.read")) return;
    const answer = await calls.alerts({ state: "active", page_size: MAP_LIST_LIMIT });
    alerts.value = answer.items;
    totals.alerts = answer.page.total;
  });

export const loadCases = () =>
  guarded(async () => {
    if (!can("cases.read")) return;
    const answer = await calls.cases({ ended: false, page_size: MAP_LIST_LIMIT });
    cases.value = answer.items;
    totals.cases = answer.page.total;
  });

export const loadCrews = () =>
  guarded(async () => {
    if (can("crews.read")) crews.value = (await calls.crews()).items;
  });

export const loadClosures = () =>
  guarded(async () => {
    if (can("map.read")) closures.value = (await calls.closures()).items;
  });

export const loadUnits = () =>
  guarded(async () => {
    if (can("units.read")) units.value = (await calls.units()).items;
  });

export async function loadCity(): Promise<void> {
  await Promise.all([loadAlerts(), loadCases(), loadCrews(), loadClosures(), loadUnits()]);
}

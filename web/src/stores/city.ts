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

/** A list that is read where it is allowed; an answer that comes after a newer one was asked for is not taken. */
function reader<T>(permission: string, read: () => Promise<T>, take: (answer: T) => void): () => Promise<void> {
  let turn = 0;
  return async () => {
    if (!can(permission)) return;
    turn += 1;
    const mine = turn;
    try {
      const answer = await read();
      if (mine !== turn) return;
      take(answer);
      cityProblem.value = null;
    } catch (error) {
      cityProblem.value = problemFrom(error);
    }
  };
}

export const loadAlerts = reader("alerts.read", () => calls.alerts({ state: "active", page_size: MAP_LIST_LIMIT }), (answer) => {
  alerts.value = answer.items;
  totals.alerts = answer.page.total;
});

export const loadCases = reader("cases.read", () => calls.cases({ ended: false, page_size: MAP_LIST_LIMIT }), (answer) => {
  cases.value = answer.items;
  totals.cases = answer.page.total;
});

export const loadCrews = reader("crews.read", calls.crews, (answer) => (crews.value = answer.items));
export const loadClosures = reader("map.read", calls.closures, (answer) => (closures.value = answer.items));
export const loadUnits = reader("units.read", calls.units, (answer) => (units.value = answer.items));

export async function loadCity(): Promise<void> {
  await Promise.all([loadAlerts(), loadCases(), loadCrews(), loadClosures(), loadUnits()]);
}

// The crew's way by road to its task: read when the task comes, when the crew has moved on, when roads or the case change.
import { computed, watch } from "vue";
import { calls } from "@/api/calls";
import { metresBetween } from "@/components/crewRoute";
import type { LonLat } from "@/stores/overlay";
import { useReloadOn } from "./useLive";
import { useLoad } from "./useLoad";

const MOVED_M = 300;
const GATHER_MS = 3_000;

export function useCrewRoute(caseId: () => string, taskId: () => string | null, here: () => LonLat | null) {
  let askedAt: LonLat | null = null;
  const way = useLoad(async () => {
    const id = taskId();
    return id === null ? null : calls.taskRoute(id);
  });
  const route = computed(() => (way.data.value?.task_id === taskId() ? way.data.value : null));

  function load(): Promise<void> {
    askedAt = here();
    return way.load();
  }

  watch(taskId, load, { immediate: true });
  watch(here, (at) => {
    if (at !== null && (askedAt === null || metresBetween(askedAt, at) > MOVED_M)) void load();
  });
  useReloadOn(["closure."], load, { gatherMs: GATHER_MS });
  useReloadOn(["case."], load, { gatherMs: GATHER_MS, concerns: (change) => (change.case_id ?? change.key) === caseId() });

  return { route, problem: way.problem, load };
}

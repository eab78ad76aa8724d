import { ref, shallowRef } from "vue";
import type { Problem } from "@/api/types";
import { problemFrom } from "./useLoad";

/** Something that a person asks for: busy while it lasts; a failure stays to be read until the next time works. */
export function useAct() {
  const busy = ref(false);
  const problem = shallowRef<Problem | null>(null);

  async function act(work: () => Promise<void>): Promise<void> {
    busy.value = true;
    try {
      await work();
      problem.value = null;
    } catch (error) {
      problem.value = problemFrom(error);
    } finally {
      busy.value = false;
    }
  }

  return { busy, problem, act };
}

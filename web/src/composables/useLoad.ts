import { ref, shallowRef } from "vue";
import { ApiProblem, localProblem } from "@/api/client";
import type { Problem } from "@/api/types";

/** Read something from the server: the last answer stays on screen while a newer one is on its way. */
export function useLoad<T>(read: () => Promise<T>) {
  const data = shallowRef<T | null>(null);
  const problem = shallowRef<Problem | null>(null);
  const loading = ref(false);
  let turn = 0;

  async function load(): Promise<void> {
    turn += 1;
    const mine = turn;
    loading.value = true;
    try {
      const answer = await read();
      if (mine !== turn) return;
      data.value = answer;
      problem.value = null;
    } catch (error) {
      if (mine !== turn) return;
      problem.value = problemFrom(error);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }

  return { data, problem, loading, load };
}

/** What to show for a failure; anything that is no failure of a request is a fault of ours and goes on up. */
export function problemFrom(error: unknown): Problem {
  if (error instanceof ApiProblem) return error.problem;
  if (error instanceof DOMException && error.name === "AbortError") return localProblem("unreachable");
  throw error;
}

// The person's own tasks (任务), as last read; they stay readable without a network. One that was answered here waits for
// the queue and is not offered again.
import { computed, ref, shallowRef } from "vue";
import { calls } from "@/api/calls";
import { ApiProblem } from "@/api/client";
import type { Problem, Task } from "@/api/types";
import { cache, cached } from "./database";
import { person, session } from "./person";
import { items } from "./queue";

const PAGE = 100;
export const tasks = shallowRef<Task[]>([]);
export const readMs = ref<number | null>(null);
export const problem = shallowRef<Problem | null>(null);
const key = () => `tasks:${person.value?.accountId ?? ""}`;

const answered = computed(() => new Set(items.value.filter((item) => item.kind === "answer" && item.state !== "refused").map((item) => item.about)));
export const open = computed(() => tasks.value.filter((task) => !answered.value.has(task.task_id)));

export async function loadTasks(): Promise<void> {
  const kept = await cached<{ at: number; tasks: Task[] }>(key());
  tasks.value = kept?.tasks ?? [];
  readMs.value = kept?.at ?? null;
  if (session.value !== "in") return;
  try {
    tasks.value = (await calls.tasks({ mine: true, page_size: PAGE })).items;
    readMs.value = Date.now();
    problem.value = null;
    await cache(key(), { at: readMs.value, tasks: tasks.value });
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    problem.value = error.problem;
  }
}

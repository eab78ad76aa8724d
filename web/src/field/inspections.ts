// What this person's unit inspects near by, with the checklists in force, kept on the phone. An inspection that was made
// here waits for the queue and is shown as made.
import { computed, ref, shallowRef } from "vue";
import { calls } from "@/api/calls";
import { ApiProblem } from "@/api/client";
import type { Due, InspectionBundle, InspectionChecklist, InspectionPlan, Problem } from "@/api/types";
import { metresBetween } from "@/components/crewRoute";
import { cache, cached } from "./database";
import { may, person, session } from "./person";
import { here } from "./position";
import { items } from "./queue";

export type Order = "due" | "near" | "route";
type Point = [number, number];
const RANKS: Record<Due["state"], number> = { overdue: 0, pending: 1, idle: 2, done: 3 };

const bundle = shallowRef<InspectionBundle | null>(null);
export const readMs = ref<number | null>(null);
export const reading = ref(false);
export const problem = shallowRef<Problem | null>(null);
/** The object whose QR code opened the app. */
export const scanned = ref(new URLSearchParams(location.search).get("object"));

const key = () => `inspections:${person.value?.accountId ?? ""}`;
export const aboutOf = (one: Due): string => `${one.object_id}/${one.plan}`;
const made = computed(() => new Set(items.value.filter((item) => item.kind === "inspection" && item.state !== "refused").map((item) => item.about)));
export const all = computed(() => bundle.value?.items ?? []);
/** How many there are beyond those on the phone. */
export const beyond = computed(() => (bundle.value ? bundle.value.total - bundle.value.items.length : 0));
export const isMade = (one: Due): boolean => made.value.has(aboutOf(one)) || one.state === "done";
export const toDo = computed(() => all.value.filter((one) => one.state !== "idle" && !isMade(one)));
export const overdue = computed(() => toDo.value.filter((one) => one.state === "overdue"));

export const planOf = (one: Due): InspectionPlan | undefined => bundle.value?.plans.find((plan) => plan.scene === one.scene && plan.plan === one.plan);

export function checklistOf(one: Due): InspectionChecklist | null {
  const name = planOf(one)?.checklist;
  return bundle.value?.checklists.find((checklist) => checklist.name === name) ?? null;
}

function merge(into: InspectionBundle | null, one: InspectionBundle): InspectionBundle {
  if (into === null) return one;
  const known = new Set(one.items.map(aboutOf));
  const plans = new Set(one.plans.map((plan) => `${plan.scene}/${plan.plan}`));
  const lists = new Set(one.checklists.map((checklist) => checklist.name));
  return {
    ...into,
    items: [...one.items, ...into.items.filter((item) => !known.has(aboutOf(item)))],
    plans: [...one.plans, ...into.plans.filter((plan) => !plans.has(`${plan.scene}/${plan.plan}`))],
    checklists: [...one.checklists, ...into.checklists.filter((checklist) => !lists.has(checklist.name))],
  };
}

export async function loadBundle(): Promise<void> {
  if (!may("inspections.record")) return;
  const kept = await cached<{ at: number; bundle: InspectionBundle }>(key());
  bundle.value = kept?.bundle ?? null;
  readMs.value = kept?.at ?? null;
  if (session.value !== "in") return;
  reading.value = true;
  try {
    let found = await calls.inspectionBundle(here.value ? { lon: here.value.lon, lat: here.value.lat } : {});
    const object_id = scanned.value;
    if (object_id !== null) found = merge(found, await calls.inspectionBundle({ object_id }));
    bundle.value = found;
    readMs.value = Date.now();
    problem.value = null;
    await cache(key(), { at: readMs.value, bundle: found });
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    problem.value = error.problem;
  } finally {
    reading.value = false;
  }
}

const pointOf = (one: Due): Point | null => (one.lon === null || one.lat === null ? null : [one.lon, one.lat]);

export function metresTo(one: Due): number | null {
  const to = pointOf(one);
  return to === null || here.value === null ? null : metresBetween([here.value.lon, here.value.lat], to);
}

/** From here always to the nearest that is left; what has no place comes last. */
function asRoute(list: readonly Due[]): Due[] {
  const left = list.filter((one) => pointOf(one) !== null);
  const sorted: Due[] = [];
  let at: Point | null = here.value ? [here.value.lon, here.value.lat] : (left[0] && pointOf(left[0])) ?? null;
  while (left.length > 0 && at !== null) {
    const from: Point = at;
    const next = left.reduce((best, one) => (metresBetween(from, pointOf(one) ?? from) < metresBetween(from, pointOf(best) ?? from) ? one : best));
    left.splice(left.indexOf(next), 1);
    sorted.push(next);
    at = pointOf(next);
  }
  return [...sorted, ...list.filter((one) => pointOf(one) === null)];
}

export function ordered(list: readonly Due[], order: Order): Due[] {
  if (order === "route") return asRoute(list);
  const away = (one: Due) => metresTo(one) ?? Number.MAX_VALUE;
  const byDue = (a: Due, b: Due) => RANKS[a.state] - RANKS[b.state] || a.period_to.localeCompare(b.period_to);
  return [...list].sort(order === "near" ? (a, b) => away(a) - away(b) || byDue(a, b) : (a, b) => byDue(a, b) || away(a) - away(b));
}

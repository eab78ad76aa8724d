// Drills of this person's unit that are planned or under way, kept on the phone whole: one opens and is pressed without a
// network. What was pressed is sent by the drill while it is open, the same as at the desk, and from here when it is not.
import { ref, shallowRef } from "vue";
import { ApiProblem } from "@/api/client";
import type { Problem } from "@/api/types";
import { drills as routes } from "@/pages/drills/calls";
import { type KeptDrill, sendOthers, waitingOf } from "@/pages/drills/presses";
import { cache, cached } from "./database";
import { may, person, session } from "./person";

const MOST = 20;
export const kept = shallowRef<readonly KeptDrill[]>([]);
export const problem = shallowRef<Problem | null>(null);
/** The drill whose link opened the app. */
export const askedDrill = ref(new URLSearchParams(location.search).get("drill"));
/** The drill that the tab shows; while the tab is there it sends by itself. */
export const opened = ref(askedDrill.value);
export const tabThere = ref(false);
/** How many steps wait to be sent. */
export const waitingPresses = ref(0);
const SEND_MS = 5000;
let sending = false;
let turn = 0;

const key = () => `drills:${person.value?.accountId ?? ""}`;

async function readAll(): Promise<KeptDrill[]> {
  const pages = await Promise.all((["running", "planned"] as const).map((state) => routes.list({ state, page_size: MOST })));
  const ids = new Set(pages.flatMap((page) => page.items.map((row) => row.drill_id)));
  if (askedDrill.value !== null) ids.add(askedDrill.value);
  const found: KeptDrill[] = [];
  for (const id of [...ids].slice(0, MOST)) {
    const drill = await routes.one(id);
    found.push({ drill, aheadMs: new Date(drill.now).getTime() - Date.now() });
  }
  return found;
}

export async function loadDrills(): Promise<void> {
  if (!may("inspections.record")) return;
  turn += 1;
  const mine = turn;
  const stored = (await cached<KeptDrill[]>(key())) ?? [];
  if (mine !== turn) return;
  kept.value = stored;
  if (session.value !== "in") return;
  try {
    const found = await readAll();
    if (mine !== turn) return; // read again meanwhile
    await keepAll(found.map(newest));
    problem.value = null;
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    problem.value = error.problem;
  }
}

async function keepAll(found: readonly KeptDrill[]): Promise<void> {
  kept.value = found;
  await cache(key(), found);
}

/** A drill that was pressed while the list was on its way stays as it was read then. */
function newest(one: KeptDrill): KeptDrill {
  const here = kept.value.find((other) => other.drill.drill_id === one.drill.drill_id);
  return here !== undefined && here.drill.now > one.drill.now ? here : one;
}

/** What a drill that is open here read anew. */
export function keepDrill(one: KeptDrill): void {
  void keepAll([one, ...kept.value.filter((other) => other.drill.drill_id !== one.drill.drill_id)]);
}

/** Send what was pressed and wait for more, as long as the app is open. */
export function startPresses(): void {
  void sendPresses();
  window.setInterval(() => void sendPresses(), SEND_MS);
}

async function sendPresses(): Promise<void> {
  const owner = person.value?.accountId;
  if (owner === undefined || sending) return;
  sending = true;
  try {
    await sendOthers(owner, tabThere.value ? opened.value : null, () => session.value === "in" && person.value?.accountId === owner);
  } finally {
    sending = false;
    waitingPresses.value = waitingOf(owner);
  }
}

// On duty (上岗): the track is written down between the two presses of the button and never outside them; it is sent in
// pieces, and deleted here as soon as the server has it. It is bounded, and says so when it is full.
import { computed, ref, shallowRef, watch } from "vue";
import { ApiProblem, request } from "@/api/client";
import type { Problem } from "@/api/types";
import { newClientId } from "@/api/upload";
import { metresBetween } from "@/components/crewRoute";
import { all, keep, result } from "./database";
import { person } from "./person";
import { here } from "./position";

export const POINTS_MAX = 20_000;
export const SHIFT_MS = 12 * 3_600_000;
const BATCH = 200;
const EVERY_MS = 60_000;
const MOVED_M = 20;
const FRESH_MS = 60_000;
const ACCURATE_M = 100;

interface Shift {
  clientId: string;
  owner: string;
  startedMs: number;
  endedMs: number | null;
  known: boolean;
  refusedPoints: number;
  problem: Problem | null;
}
interface Point {
  seq: number;
  owner: string;
  shift: string;
  atMs: number;
  lon: number;
  lat: number;
  accuracyM: number;
}

export const shifts = shallowRef<Shift[]>([]);
export const pointCount = ref(0);
export const overflow = ref(0);
const own = computed(() => shifts.value.filter((shift) => shift.owner === person.value?.accountId));
export const onDuty = computed(() => own.value.find((shift) => shift.endedMs === null) ?? null);
export const problems = computed(() => own.value.flatMap((shift) => (shift.problem ? [shift.problem] : [])));
export const refusedPoints = computed(() => own.value.reduce((sum, shift) => sum + shift.refusedPoints, 0));
let last: { atMs: number; lon: number; lat: number } | null = null;

export async function refreshDuty(): Promise<void> {
  shifts.value = await all<Shift>("shifts");
  pointCount.value = (await all<Point>("points")).filter((point) => point.owner === person.value?.accountId).length;
}

/** Change a time on duty as it stands now: the person may press the button while it is being sent. */
async function amend(clientId: string, change: Partial<Shift>, more?: (transaction: IDBTransaction) => void): Promise<void> {
  await keep(["shifts", "points"], async (transaction) => {
    const store = transaction.objectStore("shifts");
    const shift = await result(store.get(clientId) as IDBRequest<Shift | undefined>);
    if (shift !== undefined) store.put({ ...shift, ...change });
    more?.(transaction);
  });
  await refreshDuty();
}

export async function beginDuty(): Promise<void> {
  if (person.value === null || onDuty.value !== null) return;
  last = null;
  const shift: Shift = {
    clientId: newClientId(), owner: person.value.accountId, startedMs: Date.now(), endedMs: null, known: false, refusedPoints: 0, problem: null,
  };
  await keep(["shifts"], async (transaction) => void transaction.objectStore("shifts").add(shift));
  await refreshDuty();
  const at = here.value;
  if (at !== null && Date.now() - at.atMs < FRESH_MS) await note(at.lon, at.lat, at.accuracyM, Date.now());
}

export async function endDuty(): Promise<void> {
  const shift = onDuty.value;
  if (shift !== null) await amend(shift.clientId, { endedMs: Math.min(Date.now(), shift.startedMs + SHIFT_MS) });
}

async function note(lon: number, lat: number, accuracyM: number, atMs: number): Promise<void> {
  const shift = onDuty.value;
  if (shift === null || accuracyM > ACCURATE_M) return;
  if (atMs >= shift.startedMs + SHIFT_MS) return endDuty();
  if (last !== null && atMs - last.atMs < EVERY_MS && metresBetween([last.lon, last.lat], [lon, lat]) < MOVED_M) return;
  if (pointCount.value >= POINTS_MAX) {
    overflow.value += 1;
    return;
  }
  last = { atMs, lon, lat };
  const point: Omit<Point, "seq"> = { owner: shift.owner, shift: shift.clientId, atMs, lon, lat, accuracyM };
  await keep(["points"], async (transaction) => void transaction.objectStore("points").add(point));
  pointCount.value += 1;
}

export function startDuty(): void {
  watch(here, (at) => at !== null && void note(at.lon, at.lat, at.accuracyM, at.atMs));
  watch(person, () => void refreshDuty());
  void refreshDuty();
}

const iso = (ms: number) => new Date(ms).toISOString();
const path = (shift: Shift) => `/api/patrol/shifts/${shift.clientId}`;
const report = (shift: Shift, endedMs: number | null) =>
  request("PUT", path(shift), { body: { started_at: iso(shift.startedMs), ended_at: endedMs === null ? null : iso(endedMs) } });

async function sendPoints(shift: Shift): Promise<void> {
  const mine = (await all<Point>("points")).filter((point) => point.shift === shift.clientId);
  let refusedNow = shift.refusedPoints;
  for (let at = 0; at < mine.length; at += BATCH) {
    const batch = mine.slice(at, at + BATCH);
    const points = batch.map((one) => ({ at: iso(one.atMs), lon: one.lon, lat: one.lat, accuracy_m: one.accuracyM }));
    const told = await request<{ refused: number }>("POST", `${path(shift)}/points`, { body: { points } });
    refusedNow += told.refused;
    await amend(shift.clientId, { refusedPoints: refusedNow }, (transaction) => {
      for (const one of batch) transaction.objectStore("points").delete(one.seq);
    });
  }
}

async function sendShift(shift: Shift): Promise<void> {
  if (!shift.known) await report(shift, null);
  await amend(shift.clientId, { known: true });
  await sendPoints(shift);
  if (shift.endedMs === null) return;
  await report(shift, shift.endedMs);
  await keep(["shifts"], async (transaction) => void transaction.objectStore("shifts").delete(shift.clientId));
}

/** Send the own times on duty and their positions; one that the server refuses stands aside with the reason. */
export async function sendTrack(): Promise<void> {
  await refreshDuty();
  for (const shift of own.value.filter((one) => one.problem === null)) {
    try {
      await sendShift({ ...shift });
    } catch (error) {
      if (!(error instanceof ApiProblem) || ![400, 404, 409].includes(error.status)) throw error;
      await amend(shift.clientId, { problem: error.problem });
    }
  }
  await refreshDuty();
}

/** Throw away what the server refused; the person was told. */
export async function discardRefused(): Promise<void> {
  const gone = new Set(own.value.filter((shift) => shift.problem !== null).map((shift) => shift.clientId));
  const points = (await all<Point>("points")).filter((point) => gone.has(point.shift));
  await keep(["shifts", "points"], async (transaction) => {
    for (const id of gone) transaction.objectStore("shifts").delete(id);
    for (const point of points) transaction.objectStore("points").delete(point.seq);
  });
  await refreshDuty();
}

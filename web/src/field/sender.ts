// Sends the queue and the track: one sender a phone (Web Locks), the oldest first, each exactly once by its client_id.
// No network or a busy server: wait and try again. A refusal: the item stands aside with the reason, the next one goes.
import { ref, watch } from "vue";
import { ApiProblem, localProblem, request } from "@/api/client";
import { uploadEvidence } from "@/api/upload";
import type { Problem } from "@/api/types";
import { read } from "./database";
import { sendTrack } from "./duty";
import { person, recognise, session } from "./person";
import { added, type QueueItem, refresh, settle, waiting } from "./queue";

const SOON_MS = 5_000;
const LATER_MS = 120_000;
const LOCK = "cityops-field-sender";
const MOVED_ON = new Set([0, 401, 408, 429, 500, 502, 503, 504]);

export const sending = ref(false);
/** Why nothing goes at present; null while all is well. */
export const trouble = ref<Problem | null>(null);
let pause = SOON_MS;
let timer: number | undefined;

/** A refusal that will not change by itself; anything else is met by waiting. */
function isRefusal(error: unknown): error is ApiProblem {
  return error instanceof ApiProblem && !MOVED_ON.has(error.status) && error.problem.code !== "session.csrf";
}

async function sendFiles(item: QueueItem): Promise<string[]> {
  for (const file of item.files) {
    if (file.evidenceId !== null) continue;
    const blob = await read<Blob>("files", file.clientId);
    if (blob === undefined) throw new ApiProblem(410, localProblem("file_gone"));
    const kept = await uploadEvidence(blob, {
      clientId: file.clientId, role: file.role, name: file.name, at: file.at, takenAt: new Date(file.takenMs).toISOString(),
    });
    file.evidenceId = kept.evidence_id;
    await settle(item);
  }
  return item.files.flatMap((file) => file.evidenceId ?? []);
}

async function sendItem(item: QueueItem): Promise<void> {
  try {
    const evidence = await sendFiles(item);
    const body = { ...item.body, client_id: item.clientId, evidence_ids: evidence };
    const said = await request<{ number?: string; case_number?: string; object_code?: string }>("POST", item.path, { body });
    await settle({ ...item, state: "sent", problem: null, answer: said.number ?? said.case_number ?? said.object_code ?? "" });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await settle({ ...item, state: "refused", problem: error.problem });
  }
}

async function sendAll(): Promise<void> {
  await refresh();
  const owner = person.value?.accountId;
  for (let next = waiting.value[0]; next !== undefined; next = waiting.value[0]) {
    if (session.value !== "in" || person.value?.accountId !== owner) return;
    await sendItem(structuredClone(next));
  }
  if (session.value === "in") await sendTrack();
}

async function attempt(): Promise<void> {
  // Signed out, only the person can change that; asking meanwhile could cross with their signing in.
  if (session.value === "unknown") await recognise();
  if (session.value !== "in" || person.value === null) {
    pause = Math.min(pause * 2, LATER_MS);
    return;
  }
  sending.value = true;
  try {
    await sendAll();
    trouble.value = null;
    pause = SOON_MS;
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    trouble.value = error.problem;
    if (error.problem.code === "session.csrf") session.value = "unknown";
    pause = Math.min(pause * 2, LATER_MS);
  } finally {
    sending.value = false;
    await refresh();
  }
}

/** Send what can be sent now; another page of this phone that is already at it is left alone. */
export async function flush(): Promise<void> {
  window.clearTimeout(timer);
  await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (lock !== null) await attempt();
  });
  timer = window.setTimeout(() => void flush(), pause);
}

function soon(): void {
  pause = SOON_MS;
  if (session.value !== "out") void flush();
}

export function startSending(): void {
  window.addEventListener("online", soon);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && soon());
  watch(added, soon);
  watch(session, (now) => now === "in" && soon());
  void flush();
}

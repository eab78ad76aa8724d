// The queue (待传): reports and answers with their files, in the order they were made. Each belongs to the person who made
// it and is sent by nobody else. It is bounded; when it is full, nothing more is taken and the person is told.
import { computed, ref, shallowRef } from "vue";
import type { EvidenceRole, Problem } from "@/api/types";
import { newClientId } from "@/api/upload";
import { all, keep, result } from "./database";
import { person } from "./person";

export const ITEMS_MAX = 200;
export const BYTES_MAX = 1024 * 1024 * 1024;
const QUOTA_SHARE = 0.6;
const SENT_SHOWN = 30;

export interface QueuedFile {
  clientId: string;
  name: string;
  role: EvidenceRole;
  takenMs: number;
  sizeBytes: number;
  at: { lon: number; lat: number } | null;
  evidenceId: string | null;
}

export interface QueueItem {
  seq: number;
  owner: string;
  ownerName: string;
  clientId: string;
  kind: "report" | "answer" | "inspection";
  title: string;
  createdMs: number;
  path: string;
  body: Record<string, unknown>;
  /** The task that an answer is about, or the object and plan of an inspection. */
  about: string | null;
  files: QueuedFile[];
  state: "queued" | "refused" | "sent";
  problem: Problem | null;
  answer: string | null;
}

export type NewItem = Pick<QueueItem, "kind" | "title" | "path" | "body" | "about">;
export interface NewFile {
  file: File;
  role: EvidenceRole;
}
export type Full = "items" | "bytes";

export const items = shallowRef<QueueItem[]>([]);
/** Goes up when something was added: whoever sends looks again. */
export const added = ref(0);
const own = computed(() => items.value.filter((item) => item.owner === person.value?.accountId));
export const waiting = computed(() => own.value.filter((item) => item.state === "queued"));
export const refused = computed(() => own.value.filter((item) => item.state === "refused"));
export const sent = computed(() => own.value.filter((item) => item.state === "sent"));
/** What other people of this phone have not sent yet, by name. */
export const foreign = computed(() => {
  const names = new Map<string, number>();
  for (const item of items.value) {
    if (item.owner !== person.value?.accountId && item.state !== "sent") names.set(item.ownerName, (names.get(item.ownerName) ?? 0) + 1);
  }
  return [...names].map(([name, count]) => ({ name, count }));
});

export async function refresh(): Promise<void> {
  items.value = await all<QueueItem>("items");
}

const sizeOf = (list: readonly QueueItem[]): number =>
  list.filter((item) => item.state !== "sent").reduce((sum, item) => sum + item.files.reduce((bytes, file) => bytes + file.sizeBytes, 0), 0);

async function bytesMax(): Promise<number> {
  const quota = (await navigator.storage?.estimate?.())?.quota;
  return quota === undefined ? BYTES_MAX : Math.min(BYTES_MAX, quota * QUOTA_SHARE);
}

async function fullBy(files: readonly NewFile[]): Promise<Full | null> {
  const kept = await all<QueueItem>("items");
  if (kept.filter((item) => item.state !== "sent").length >= ITEMS_MAX) return "items";
  const more = files.reduce((sum, one) => sum + one.file.size, 0);
  return sizeOf(kept) + more > (await bytesMax()) ? "bytes" : null;
}

/**
 * Take a report or an answer into the queue; null when it is on the disk, else which bound it met. ``drafts``: what was
 * kept of it while it was written, gone in the same moment.
 */
export async function enqueue(what: NewItem, files: readonly NewFile[], at: { lon: number; lat: number } | null, drafts: readonly string[] = []): Promise<Full | null> {
  const owner = person.value;
  if (owner === null) throw new Error("nobody has signed in on this phone");
  const full = await fullBy(files);
  if (full !== null) return full;
  const queued = files.map(({ file, role }): QueuedFile => ({
    clientId: newClientId(), name: file.name, role, takenMs: file.lastModified, sizeBytes: file.size, at, evidenceId: null,
  }));
  const item: Omit<QueueItem, "seq"> = {
    ...what, owner: owner.accountId, ownerName: owner.name, clientId: newClientId(), createdMs: Date.now(),
    files: queued, state: "queued", problem: null, answer: null,
  };
  try {
    await keep(["items", "files", "cache"], async (transaction) => {
      transaction.objectStore("items").add(item);
      drafts.forEach((key) => transaction.objectStore("cache").delete(key));
      queued.forEach((one, index) => transaction.objectStore("files").put(files[index]?.file, one.clientId));
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "QuotaExceededError") return "bytes";
    throw error;
  }
  await refresh();
  added.value += 1;
  return null;
}

/** Write what became of an item; a sent one gives its files up, and only the last few stay for the person to see. */
export async function settle(item: QueueItem): Promise<void> {
  await keep(["items", "files"], async (transaction) => {
    const store = transaction.objectStore("items");
    store.put(item);
    if (item.state !== "sent") return;
    for (const file of item.files) transaction.objectStore("files").delete(file.clientId);
    const kept = await result(store.getAll() as IDBRequest<QueueItem[]>);
    const old = kept.filter((one) => one.state === "sent" && one.owner === item.owner).slice(0, -SENT_SHOWN);
    for (const one of old) store.delete(one.seq);
  });
  await refresh();
}

export async function retry(item: QueueItem): Promise<void> {
  await settle({ ...item, state: "queued", problem: null });
  added.value += 1;
}

/** Throw an item away; the person was asked. */
export async function discard(item: QueueItem): Promise<void> {
  await keep(["items", "files"], async (transaction) => {
    transaction.objectStore("items").delete(item.seq);
    for (const file of item.files) transaction.objectStore("files").delete(file.clientId);
  });
  await refresh();
}

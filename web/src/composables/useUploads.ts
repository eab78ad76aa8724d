// Files that a person has picked, on their way to the server one after the other; each can be removed or tried again.
import { computed, onBeforeUnmount, reactive, type Ref } from "vue";
import { calls } from "@/api/calls";
import { ApiProblem } from "@/api/client";
import type { Evidence, EvidenceRole, Problem } from "@/api/types";
import { newClientId, uploadEvidence } from "@/api/upload";
import { problemFrom } from "./useLoad";

export interface Pick {
  clientId: string;
  file: File;
  preview: string | null;
  role: EvidenceRole;
  state: "waiting" | "sending" | "kept" | "failed";
  share: number;
  problem: Problem | null;
  kept: Evidence | null;
  stop: AbortController;
}

export interface UploadTarget {
  caseId?: string;
  beforeId?: string;
  at?: { lon: number; lat: number } | null;
}

const WITH_TIME = /^(image|audio|video)\//;

export function useUploads(ids: Ref<string[]>, target: () => UploadTarget) {
  const picks = reactive<Pick[]>([]);
  const busy = computed(() => picks.some((pick) => pick.state === "sending"));

  function add(files: readonly File[], role: EvidenceRole): void {
    for (const file of files) {
      const preview = file.type.startsWith("image/") ? URL.createObjectURL(file) : null;
      picks.push({ clientId: newClientId(), file, preview, role, state: "waiting", share: 0, problem: null, kept: null, stop: new AbortController() });
    }
  }

  async function sendOne(pick: Pick): Promise<void> {
    pick.state = "sending";
    pick.problem = null;
    pick.stop = new AbortController();
    try {
      pick.kept = await uploadEvidence(pick.file, {
        ...target(),
        clientId: pick.clientId,
        role: pick.role,
        name: pick.file.name,
        takenAt: WITH_TIME.test(pick.file.type) ? new Date(pick.file.lastModified).toISOString() : undefined,
        signal: pick.stop.signal,
        onProgress: (share) => (pick.share = share),
      });
      pick.state = "kept";
      ids.value = [...ids.value, pick.kept.evidence_id];
    } catch (error) {
      pick.state = "failed";
      pick.problem = problemFrom(error);
    }
  }

  /** Send what waits, in the order it was picked. */
  async function send(): Promise<void> {
    if (busy.value) return;
    const waiting = () => picks.find((pick) => pick.state === "waiting");
    for (let next = waiting(); next !== undefined; next = waiting()) await sendOne(next);
  }

  function again(pick: Pick): void {
    pick.state = "waiting";
    void send();
  }

  /** Take a pick out: give up its upload, or take back what no case has yet. */
  async function remove(pick: Pick): Promise<void> {
    pick.stop.abort();
    if (pick.kept !== null) {
      try {
        await calls.takeBackEvidence(pick.kept.evidence_id);
      } catch (error) {
        if (!(error instanceof ApiProblem) || error.status !== 404) {
          pick.problem = problemFrom(error);
          return;
        }
      }
      ids.value = ids.value.filter((id) => id !== pick.kept?.evidence_id);
    }
    forget(pick);
  }

  function forget(pick: Pick): void {
    if (pick.preview !== null) URL.revokeObjectURL(pick.preview);
    picks.splice(picks.indexOf(pick), 1);
  }

  /** Forget what has arrived; what has not stays. */
  function clearKept(): void {
    for (const pick of picks.filter((one) => one.state === "kept")) forget(pick);
  }

  onBeforeUnmount(() => [...picks].forEach((pick) => (pick.stop.abort(), forget(pick))));
  return { picks, busy, add, send, again, remove, clearKept };
}

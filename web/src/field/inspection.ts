// One inspection while it is filled in: answers with their photos, kept on the phone as a draft until it is in the queue.
import { reactive, ref, watch } from "vue";
import { inspectionsPath } from "@/api/calls";
import type { Due, InspectionChecklist, ItemResult } from "@/api/types";
import { cache, cached } from "./database";
import { aboutOf } from "./inspections";
import { person } from "./person";
import { here } from "./position";
import type { NewFile, NewItem } from "./queue";

export type Grade = InspectionChecklist["items"][number]["grade"];
export interface Answer {
  result: ItemResult | null;
  words: string;
  grade: Grade | null;
  files: File[];
}
export interface OtherHazard {
  words: string;
  grade: Grade;
  files: File[];
}
interface Draft {
  startedMs: number;
  version: number | null;
  answers: Record<string, Answer>;
  hazards: OtherHazard[];
  comment: string;
  /** Numbers that the plan asks for, as they were typed. */
  figures: Record<string, string>;
  files: File[];
}
export type Item = InspectionChecklist["items"][number];

const empty = (checklist: InspectionChecklist | null): Draft => ({
  startedMs: Date.now(),
  version: checklist?.version ?? null,
  answers: Object.fromEntries((checklist?.items ?? []).map((item) => [item.no, { result: null, words: "", grade: null, files: [] }])),
  hazards: [],
  comment: "",
  figures: {},
  files: [],
});

/** What an answer still lacks; null when it is complete. */
export function lacks(item: Item, answer: Answer | undefined): "result" | "words" | "photo" | null {
  if (answer === undefined || answer.result === null) return "result";
  if (answer.result === "left_out" || answer.result === "not_applicable") return answer.result === "left_out" && answer.words.trim() === "" ? "words" : null;
  const asks = item.evidence === "photo" || (item.evidence === "photo_if_failed" && answer.result === "failed");
  return asks && answer.files.length === 0 ? "photo" : null;
}

export function useInspection(due: Due, checklist: InspectionChecklist | null) {
  const key = `draft:${person.value?.accountId ?? ""}:${aboutOf(due)}`;
  const draft = reactive(empty(checklist));
  const ready = ref(false);

  async function restore(): Promise<void> {
    const kept = await cached<Draft | null>(key);
    if (kept && kept.version === draft.version) Object.assign(draft, kept);
    ready.value = true;
  }

  function plain(): Draft {
    const answers = Object.fromEntries(Object.entries(draft.answers).map(([no, one]) => [no, { ...one, files: [...one.files] }]));
    return { ...draft, answers, figures: { ...draft.figures }, hazards: draft.hazards.map((one) => ({ ...one, files: [...one.files] })), files: [...draft.files] };
  }

  // Every tap is on the disk at once: a phone is put away or dies without a word.
  watch(draft, () => void (ready.value && cache(key, plain())));

  async function forget(): Promise<void> {
    ready.value = false;
    await cache(key, null);
  }

  /** The item for the queue: the files in order, each answer naming its own by their place. */
  function made(title: string): { item: NewItem; files: NewFile[]; at: { lon: number; lat: number } | null } {
    const files: NewFile[] = [];
    const places = (own: readonly File[]) => own.map((file) => files.push({ file, role: "before" }) - 1);
    const at = here.value ? { lon: here.value.lon, lat: here.value.lat } : null;
    const body = {
      scene: due.scene,
      plan: due.plan,
      object_id: due.object_id,
      started_at: new Date(draft.startedMs).toISOString(),
      finished_at: new Date().toISOString(),
      checklist_version: draft.version,
      items: (checklist?.items ?? []).map(({ no }) => {
        const answer = draft.answers[no];
        const failed = answer?.result === "failed";
        return { no, result: answer?.result, words: answer?.words.trim() ?? "", grade: failed ? (answer?.grade ?? null) : null, evidence: places(answer?.files ?? []) };
      }),
      hazards: draft.hazards.map((one) => ({ words: one.words.trim(), grade: one.grade, evidence: places(one.files) })),
      comment: draft.comment.trim(),
      figures: Object.fromEntries(Object.entries(draft.figures).filter(([, typed]) => typed !== "").map(([name, typed]) => [name, Number(typed)])),
      lon: at?.lon ?? null,
      lat: at?.lat ?? null,
    };
    places(draft.files);
    return { item: { kind: "inspection", title, path: inspectionsPath, body, about: aboutOf(due) }, files, at };
  }

  return { draft, ready, restore, forget, made };
}

// A report while it is written: what is known so far, and what the server makes of it.
import { computed, onBeforeUnmount, reactive, ref, watch } from "vue";
import { calls } from "@/api/calls";
import type { FoundPlace } from "@/api/types";
import { newClientId } from "@/api/upload";
import { useLoad } from "@/composables/useLoad";

export interface At {
  lon: number;
  lat: number;
}

const PAUSE_MS = 220;

function empty() {
  return {
    clientId: newClientId(),
    name: "",
    contact: "",
    wantsAnswer: false,
    words: "",
    search: "",
    at: null as At | null,
    address: "",
    note: "",
    matter: null as string | null,
    join: null as string | null,
    evidenceIds: [] as string[],
  };
}

export type ReportDraft = ReturnType<typeof empty>;

export function useDraft() {
  const draft = reactive(empty());
  const suggested = useLoad(() =>
    calls.suggest({ words: draft.search.trim() || draft.words, lon: draft.at?.lon, lat: draft.at?.lat, matter: draft.matter, source: "hotline", limit: 8 }),
  );
  /** Places that the words name, offered until one is chosen. */
  const named = ref<FoundPlace[]>([]);
  let timer = 0;

  const answer = computed(() => suggested.data.value);
  const chosen = computed(() => answer.value?.chosen ?? null);
  const joined = computed(() => answer.value?.duplicates.find((one) => one.case_id === draft.join) ?? null);

  async function look(): Promise<void> {
    await Promise.all([suggested.load(), namePlaces()]);
  }

  async function namePlaces(): Promise<void> {
    const words = draft.words.trim().slice(0, 200);
    const items = draft.at === null && words.length >= 2 ? (await calls.findPlaces(words)).items : [];
    if (words === draft.words.trim().slice(0, 200)) named.value = items;
  }

  /** Look now, for what was typed last: nothing is filed on an older answer. */
  async function settle(): Promise<void> {
    window.clearTimeout(timer);
    await look();
  }

  function soon(): void {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void look().catch(() => (named.value = [])), PAUSE_MS);
  }

  function placeAt(at: At, address?: string): void {
    draft.at = at;
    if (address !== undefined) draft.address = address;
  }

  function reset(): void {
    Object.assign(draft, empty());
    named.value = [];
    soon();
  }

  watch(() => [draft.words, draft.search, draft.at, draft.matter], soon);
  watch(answer, (next) => {
    if (draft.join !== null && !next?.duplicates.some((one) => one.case_id === draft.join)) draft.join = null;
  });
  onBeforeUnmount(() => window.clearTimeout(timer));
  soon();

  return { draft, suggested, answer, chosen, joined, named, placeAt, reset, settle };
}

export type DraftWork = ReturnType<typeof useDraft>;

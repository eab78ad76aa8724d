// The report that is being written (草稿): kept on the phone as it is typed, so that a killed app loses nothing of it.
import type { Entry } from "./catalogue";
import { cache, cached } from "./database";
import { person } from "./person";

export interface Draft {
  entry: Entry | null;
  byHand: { lon: number; lat: number } | null;
  words: string;
  join: string | null;
}

const owner = (): string => person.value?.accountId ?? "";
const wordsKey = (): string => `draft ${owner()}`;
const filesKey = (): string => `draft files ${owner()}`;
/** Photos are kept apart: they are not written again with every letter. */
export const draftKeys = (): string[] => [wordsKey(), filesKey()];
export const keepDraft = (draft: Draft): Promise<void> => cache(wordsKey(), draft);
export const keepDraftFiles = (files: readonly File[]): Promise<void> => cache(filesKey(), files);

export async function readDraft(): Promise<{ draft: Draft | undefined; files: File[] }> {
  return { draft: await cached<Draft>(wordsKey()), files: (await cached<File[]>(filesKey())) ?? [] };
}

// The catalogue on the phone: searched by code, words, pinyin and its initials without a network, recent matters first.
import { shallowRef } from "vue";
import { ApiProblem } from "@/api/client";
import { calls } from "@/api/calls";
import type { FieldCatalogue } from "@/api/types";
import { cache, cached } from "./database";
import { may, person, session } from "./person";

export type Entry = FieldCatalogue["items"][number];
const KEY = "catalogue";
const RECENT_MAX = 12;
const SHOWN_MAX = 30;
const NOT = 99;

export const catalogue = shallowRef<Entry[]>([]);
export const recent = shallowRef<string[]>([]);
const recentKey = () => `recent:${person.value?.accountId ?? ""}`;

export const keyOf = (entry: Entry): string => `${entry.standard}/${entry.kind}/${entry.code}`;

export async function loadCatalogue(): Promise<void> {
  catalogue.value = (await cached<Entry[]>(KEY)) ?? [];
  recent.value = (await cached<string[]>(recentKey())) ?? [];
  if (session.value !== "in" || !may("cases.report")) return;
  try {
    catalogue.value = (await calls.fieldCatalogue()).items;
    await cache(KEY, catalogue.value);
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
  }
}

export async function remember(entry: Entry): Promise<void> {
  const key = keyOf(entry);
  recent.value = [key, ...recent.value.filter((other) => other !== key)].slice(0, RECENT_MAX);
  await cache(recentKey(), recent.value);
}

/** Whether ``typed`` reads from a syllable on, each written out or cut off: bllj, baolu and baolulj are bao lu la ji. */
function readsFrom(syllables: readonly string[], typed: string): boolean {
  if (typed === "") return true;
  const [first, ...rest] = syllables;
  if (first === undefined) return false;
  for (let length = 1; length <= first.length && typed.startsWith(first.slice(0, length)); length += 1) {
    if (readsFrom(rest, typed.slice(length))) return true;
  }
  return false;
}

function rankOfWord(entry: Entry, word: string): number {
  if (entry.name === word || entry.code === word) return 0;
  if (entry.name.startsWith(word) || entry.code.startsWith(word)) return 1;
  if (entry.name.includes(word)) return 3;
  if (/^[a-z0-9]+$/.test(word)) {
    const syllables = entry.pinyin.split(" ");
    const at = syllables.findIndex((_, start) => readsFrom(syllables.slice(start), word));
    if (at >= 0) return at === 0 ? 2 : 4;
  }
  return entry.class_name.includes(word) ? 5 : NOT;
}

const pairs = (text: string): string[] => Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2));

/** Entries for what was typed, best first; nothing typed: the recent ones. What fits no word is looked for by pairs of letters. */
export function search(typed: string): Entry[] {
  const place = new Map(recent.value.map((key, at) => [key, at]));
  const order = (entry: Entry) => place.get(keyOf(entry)) ?? RECENT_MAX;
  const words = typed.trim().toLowerCase().replaceAll("ü", "v").split(/\s+/).filter(Boolean);
  if (words.length === 0) return catalogue.value.filter((entry) => place.has(keyOf(entry))).sort((a, b) => order(a) - order(b));
  let found = catalogue.value.map((entry) => ({ entry, rank: Math.max(...words.map((word) => rankOfWord(entry, word))) })).filter((one) => one.rank < NOT);
  if (found.length === 0) {
    const wanted = pairs(words.join(""));
    found = catalogue.value
      .map((entry) => ({ entry, rank: -wanted.filter((pair) => entry.name.includes(pair)).length }))
      .filter((one) => one.rank < 0);
  }
  found.sort((a, b) => a.rank - b.rank || order(a.entry) - order(b.entry) || a.entry.name.length - b.entry.name.length);
  return found.slice(0, SHOWN_MAX).map((one) => one.entry);
}

// Evidence figures in words: the name from the message files, the unit from the ending of the key.
import type { FormWords } from "@/api/types";
import type { useFormat } from "@/composables/useFormat";
import { hasWord, i18n, say, wordFor } from "@/i18n";

type Format = ReturnType<typeof useFormat>;
export interface Figure {
  name: string;
  value: string;
}

/** Identifiers that no person reads. */
const HIDDEN = ["id", "crew", "detector", "detector_version", "vehicle_class", "rule"];
/** The detector's parameters that a reader compares the figures with. */
const LIMITS = ["limit_s", "night_limit_s", "rest_s"];
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

function isBilingual(value: unknown): value is { zh: string; en: string } {
  return typeof value === "object" && value !== null && "zh" in value && "en" in value;
}

function inWords(key: string, value: unknown, format: Format): string | null {
  if (value === null || value === undefined || value === "") return null;
  if (isBilingual(value)) return say(value);
  if (typeof value === "boolean") return i18n.global.t(value ? "common.yes" : "common.no");
  if (typeof value === "number") {
    if (key === "percent") return format.percent(value / 100);
    if (key.endsWith("_ms") || key.endsWith("_at")) return format.dateTime(value);
    if (key.endsWith("_s")) return format.duration(value);
    if (key.endsWith("_share")) return format.percent(value);
    if (key.endsWith("_kmh")) return `${format.number(value, 1)} km/h`;
    if (key.endsWith("_km")) return format.distance(value * 1000);
    if (key.endsWith("_m")) return format.distance(value);
    if (key.endsWith("_h")) return format.duration(value * 3600);
    return format.number(value, 2);
  }
  if (typeof value === "string") {
    if (MOMENT.test(value)) return format.dateTime(value);
    return wordFor(`evidence.value`, value);
  }
  return null;
}

const isBag = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** An alert's evidence as one bag: its figures, the limits they were held against, and the time they span. */
export function evidenceBag(evidence: Record<string, unknown>): Record<string, unknown> {
  const figuresFound = isBag(evidence.figures) ? evidence.figures : {};
  const params = isBag(evidence.params) ? evidence.params : {};
  const limits = Object.fromEntries(LIMITS.flatMap((name) => (Number(params[name]) > 0 ? [[name, params[name]]] : [])));
  return { ...evidence, ...figuresFound, ...limits };
}

/** ``name_zh`` beside ``name_en`` is one value in two languages. */
function paired(bag: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(bag)) {
    const name = key.replace(/_(zh|en)$/, "");
    if (name === key) out[key] = value;
    else out[name] = { zh: bag[`${name}_zh`] ?? value, en: bag[`${name}_en`] ?? value };
  }
  return out;
}

/**
 * The readable entries of a bag of figures; identifiers, nested structures and keys without words are left out.
 * ``words``: the titles that the case's workflow gives. ``technical``: counters for those who run the system, where a key without words is better than none.
 */
export function figures(bag: Record<string, unknown>, format: Format, technical = false, words?: FormWords | null): Figure[] {
  return Object.entries(paired(bag)).flatMap(([key, value]) => {
    if (key.endsWith("_id") || HIDDEN.includes(key)) return [];
    const title = words?.fields[key];
    if (title === undefined && !technical && !hasWord("evidence.name", key)) return [];
    const text = inWords(key, words?.values[`${key}.${String(value)}`] ?? value, format);
    return text === null ? [] : [{ name: title ? say(title) : wordFor("evidence.name", key), value: text }];
  });
}

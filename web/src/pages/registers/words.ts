// How values of objects are written: by their field's kind, in the language on screen.
import type { Bilingual } from "@/api/types";
import { say } from "@/i18n";
import type { Register, RegisterField } from "./calls";

type Tone = "busy" | "good" | "bad" | "wait" | "quiet";
const TONES: Record<string, Tone> = { good: "good", warning: "wait", bad: "bad", neutral: "quiet" };
export const NOTHING = "—";

export interface Said {
  yes: string;
  no: string;
  comma: string;
}

export function fieldTitle(field: RegisterField): string {
  return field.unit ? `${say(field.title)} (${say(field.unit)})` : say(field.title);
}

export function shownValue(field: RegisterField, value: unknown, words: Said): string {
  if (value === undefined || value === null) return NOTHING;
  if (typeof value === "boolean") return value ? words.yes : words.no;
  const titles = new Map(field.options.map((option) => [option.value, say(option.title)]));
  if (Array.isArray(value)) return value.map((item) => titles.get(String(item)) ?? String(item)).join(words.comma);
  if (typeof value === "number") return value.toLocaleString("en-US", { maximumFractionDigits: 6 });
  return titles.get(String(value)) ?? String(value);
}

export function stateOf(register: Register, state: string): { text: string; tone: Tone } {
  const found = register.states.find((one) => one.value === state);
  return { text: found ? say(found.title) : state, tone: TONES[found?.tone ?? "neutral"] ?? "quiet" };
}

/** The title of a field of the register, or of one that every object has. */
export function nameOf(register: Register, field: string, common: (name: string) => string): string {
  const own = register.fields.find((one) => one.name === field);
  if (own) return fieldTitle(own);
  const fixed: Record<string, Bilingual> = { code: register.code_title, title: register.title_title };
  return fixed[field] ? say(fixed[field]) : common(field);
}

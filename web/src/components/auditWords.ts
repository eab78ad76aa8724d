// The detail of an audit line in words: each key by its name, codes by their words, identifiers as they are.
import { i18n, wordFor } from "@/i18n";

const stateWord = (code: string): string => wordFor("audit.state", code);
const CODES: Record<string, (code: string) => string> = {
  role: (code) => wordFor("common.role", code),
  from: stateWord,
  to: stateWord,
  kind: (code) => wordFor("audit.unit_kind", code),
  scene: (code) => wordFor("audit.scene", code),
  changed: (code) => wordFor("audit.change", code),
};

function valueIn(key: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((entry) => valueIn(key, entry)).join(i18n.global.t("common.list_comma"));
  if (typeof value === "object") return JSON.stringify(value);
  return (CODES[key] ?? String)(String(value));
}

/** What was done, such as ``case.dispatch``, in words. */
export function auditAction(action: string): string {
  return wordFor("audit.action", action.replaceAll(".", "_"));
}

export function auditDetail(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => `${wordFor("audit.detail", key)}${i18n.global.t("common.colon")}${valueIn(key, value)}`)
    .join(" · ");
}

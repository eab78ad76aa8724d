// The detail of an audit line in words: each key by its name, codes by their words, identifiers as they are.
import type { AuditRow } from "@/api/types";
import { i18n, say, wordFor } from "@/i18n";
import { sceneTitle } from "@/stores/session";

const MOMENT = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" });
const moment = (ms: string) => MOMENT.format(Number(ms));
const CODES: Record<string, (code: string) => string> = {
  role: (code) => wordFor("common.role", code),
  kind: (code) => wordFor("audit.unit_kind", code),
  scene: sceneTitle,
  changed: (code) => wordFor("audit.change", code),
  from_ms: moment,
  to_ms: moment,
};

function valueIn(key: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((entry) => valueIn(key, entry)).join(i18n.global.t("common.list_comma"));
  if (typeof value === "object") return JSON.stringify(value);
  return (CODES[key] ?? String)(String(value));
}

/** What was done, in words: of a step the title that its workflow gives. */
export function auditAction(row: AuditRow): string {
  return row.title ? say(row.title) : wordFor("audit.action", row.action.replaceAll(".", "_"));
}

export function auditDetail(row: AuditRow): string {
  const shown = (key: string, value: unknown): string => {
    const state = row.states[String(value)];
    return (key === "from" || key === "to") && state ? say(state) : valueIn(key, value);
  };
  return Object.entries(row.detail)
    .filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => `${wordFor("audit.detail", key)}${i18n.global.t("common.colon")}${shown(key, value)}`)
    .join(" · ");
}

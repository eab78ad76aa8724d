import type { RuleTable } from "@/api/types";
import { language, wordFor } from "@/i18n";

/** What a column is called: in Chinese as the heading of the sheet that goes out and comes in. */
export function columnTitle(column: RuleTable["columns"][number]): string {
  return language() === "zh" ? column.heading : wordFor("rules.column", column.name);
}

import type { RuleTable } from "@/api/types";
import { language, say, wordFor } from "@/i18n";

/** What a column is called: in Chinese as the heading of the sheet that goes out and comes in. */
export function columnTitle(column: RuleTable["columns"][number]): string {
  return language() === "zh" ? column.heading : wordFor("rules.column", column.name);
}

/** What stands in a cell: a word of ours in the language on screen, a city's own as it is; nothing where the cell is empty. */
export function cellText(column: RuleTable["columns"][number], row: Record<string, string>): string {
  const cell = row[column.name] ?? "";
  const words = column.words[cell];
  return words ? say(words) : cell;
}

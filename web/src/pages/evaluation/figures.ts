// Which figures each post is shown, and which question a number answers.
import type { EvaluatedGroup, Evaluation } from "@/api/types";
import type { Query } from "@/api/client";

export const POSTS = ["collector", "acceptor", "shift_leader", "dispatcher", "unit"] as const;
export const DIMENSIONS = ["unit", "person", "area", "matter", "period"] as const;
export const PERIODS = ["day", "week", "month", "quarter", "year"] as const;

const COUNTERS: Record<string, readonly string[]> = {
  "": ["reports", "accepted", "filed", "close_due", "closed", "closed_in_time", "late_exempted", "reworked"],
  collector: ["reports", "valid_reports", "missed", "filed", "prechecks_due", "prechecks_in_time", "final_checks_due", "final_checks_in_time"],
  acceptor: ["accepted", "filed", "precheck_orders_due", "precheck_orders_in_time", "final_check_orders_due", "final_check_orders_in_time"],
  shift_leader: ["filed", "filed_in_time", "voided", "close_due", "closed_in_time", "late_exempted"],
  dispatcher: ["dispatch_due", "dispatched", "dispatched_in_time", "dispatch_reworked"],
  unit: ["filed", "close_due", "closed", "closed_in_time", "late_exempted", "deferred", "reworked"],
};
const RATES: readonly string[] = ["filing_rate", "closing_rate", "timely_closing_rate", "rework_rate"];
const FILTER: Record<string, string> = { unit: "unit_id", person: "person_id", area: "area", matter: "matter" };

/** The counters of a post's table, or every one there is. */
export function countersOf(answer: Evaluation, post: string, all: boolean): Evaluation["counters"] {
  const shown = COUNTERS[post] ?? [];
  return all ? answer.counters : answer.counters.filter((one) => shown.includes(one.key));
}

/** The rates of a post are those it is scored by; without a post, the four that are published everywhere. */
export function ratesOf(answer: Evaluation, post: string, all: boolean): Evaluation["indicators"] {
  return all || post !== "" ? answer.indicators : answer.indicators.filter((one) => RATES.includes(one.key));
}

/** The question whose answer is one group, or all of them; null where the group is of nobody or nothing known. */
export function narrowed(answer: Evaluation, group: EvaluatedGroup): Query | null {
  const query: Query = {};
  for (const [place, value] of group.key.entries()) {
    const dimension = answer.by[place];
    if (value === "" || dimension === undefined) return null;
    if (dimension === "period") query.from = value > answer.first ? value : answer.first;
    else query[FILTER[dimension] ?? dimension] = value;
  }
  return query;
}

/** Last day of the period that begins on a day. */
export function periodEnd(first: string, period: string, last: string): string {
  const day = new Date(`${first}T00:00:00Z`);
  if (period === "week") day.setUTCDate(day.getUTCDate() + 6);
  else if (period !== "day") {
    const months = { month: 1, quarter: 3, year: 12 }[period] ?? 1;
    day.setUTCMonth(day.getUTCMonth() + months);
    day.setUTCDate(0);
  }
  const end = day.toISOString().slice(0, 10);
  return end < last ? end : last;
}

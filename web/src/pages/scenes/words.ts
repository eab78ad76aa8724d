// Words of the values that are chosen from a list; any other value is its own word.
const KNOWN = [
  "urgent_hour", "working_hour", "working_day", "calendar_day", "notice", "warning", "serious", "critical",
  "two_hours", "day", "week", "half_month", "month", "quarter", "half_year", "year",
];

export function wordOf(value: string, t: (key: string) => string): string {
  if (value === "-") return t("scenes.none");
  return KNOWN.includes(value) ? t(`scenes.value.${value}`) : value;
}

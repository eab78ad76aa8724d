// Numbers, times and lengths in the user's words; every time is Asia/Shanghai.
import { computed } from "vue";
import { useI18n } from "vue-i18n";

const ZONE = "Asia/Shanghai";
const EMPTY = "—";
type When = string | number | null | undefined;

function parts(when: string | number): Record<string, string> {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: ZONE,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  return Object.fromEntries(format.formatToParts(new Date(when)).map((part) => [part.type, part.value]));
}

export function useFormat() {
  const { t, locale } = useI18n();
  const numbers = computed(() => new Intl.NumberFormat(locale.value === "zh" ? "zh-CN" : "en"));

  const clock = (when: When): string => {
    if (when === null || when === undefined) return EMPTY;
    const p = parts(when);
    return `${p.hour}:${p.minute}:${p.second}`;
  };
  const dateTime = (when: When): string => {
    if (when === null || when === undefined) return EMPTY;
    const p = parts(when);
    return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}`;
  };
  const shortTime = (when: When, nowMs: number): string => {
    if (when === null || when === undefined) return EMPTY;
    const p = parts(when);
    const today = parts(nowMs);
    const sameDay = p.year === today.year && p.month === today.month && p.day === today.day;
    return sameDay ? `${p.hour}:${p.minute}:${p.second}` : `${p.month}-${p.day} ${p.hour}:${p.minute}`;
  };
  /** A length of time in its two largest units. */
  const duration = (seconds: number | null | undefined): string => {
    if (seconds === null || seconds === undefined) return EMPTY;
    const total = Math.round(Math.abs(seconds));
    const days = Math.floor(total / 86_400);
    const hours = Math.floor((total % 86_400) / 3600);
    const minutes = Math.floor((total % 3600) / 60);
    if (days > 0) return t("common.duration.days", { days, hours });
    if (hours > 0) return t("common.duration.hours", { hours, minutes });
    if (minutes > 0) return t("common.duration.minutes", { minutes });
    return t("common.duration.seconds", { seconds: total });
  };
  const ago = (when: When, nowMs: number): string => {
    if (when === null || when === undefined) return EMPTY;
    const seconds = (nowMs - new Date(when).getTime()) / 1000;
    return seconds < 5 ? t("common.just_now") : t("common.ago", { duration: duration(seconds) });
  };
  const distance = (metres: number): string =>
    metres < 1000 ? t("common.metres", { value: Math.round(metres) }) : t("common.km", { value: (metres / 1000).toFixed(1) });
  const number = (value: number | null | undefined, digits = 0): string =>
    value === null || value === undefined ? EMPTY : numbers.value.format(Number(value.toFixed(digits)));
  const percent = (share: number | null | undefined, signed = false): string => {
    if (share === null || share === undefined) return EMPTY;
    const text = `${(share * 100).toFixed(1)}%`;
    return signed && share > 0 ? `+${text}` : text;
  };

  return { clock, dateTime, shortTime, duration, ago, distance, number, percent };
}

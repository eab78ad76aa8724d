// Chart colours and type from the page's own tokens, following the theme.
import { computed } from "vue";
import { theme } from "@/stores/preferences";

export function useChartStyle() {
  return computed(() => {
    const styles = getComputedStyle(document.documentElement);
    const token = (name: string, light: string, dark: string) =>
      styles.getPropertyValue(name).trim() || (theme.value === "dark" ? dark : light);
    const text = token("--text-2", "#4a5b66", "#adbbc4");
    const line = token("--line", "#d5dde1", "#2c3841");
    const axis = {
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      axisLabel: { color: text, fontSize: 12 },
      splitLine: { lineStyle: { color: line } },
    };
    return {
      accent: token("--accent", "#0f6e84", "#4fb3c8"),
      warm: token("--serious", "#b8500b", "#f2954a"),
      text,
      axis,
      base: {
        animation: false,
        textStyle: { fontFamily: "inherit", color: text },
        grid: { left: 8, right: 12, top: 34, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
        legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 8, itemGap: 20, textStyle: { color: text } },
        tooltip: {
          trigger: "axis",
          backgroundColor: token("--raised", "#f6f8f9", "#1f2931"),
          borderColor: line,
          textStyle: { color: token("--text", "#16222a", "#e6ecef"), fontSize: 12 },
        },
      },
    };
  });
}

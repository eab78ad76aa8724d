import { onBeforeUnmount, onMounted } from "vue";
import { type Change, onChange } from "@/stores/live";

const GATHER_MS = 400;

/** Run ``reload`` soon after a change whose topic begins with one of ``prefixes``; a burst of changes runs it once. */
export function useReloadOn(prefixes: readonly string[], reload: () => unknown, concerns?: (change: Change) => boolean) {
  let timer: number | undefined;
  let stop: () => void = () => undefined;
  onMounted(() => {
    stop = onChange((change) => {
      const wanted = change.topic === "resync" || prefixes.some((prefix) => change.topic.startsWith(prefix));
      if (!wanted || (change.topic !== "resync" && concerns && !concerns(change))) return;
      timer ??= window.setTimeout(() => {
        timer = undefined;
        reload();
      }, GATHER_MS);
    });
  });
  onBeforeUnmount(() => {
    stop();
    window.clearTimeout(timer);
  });
}

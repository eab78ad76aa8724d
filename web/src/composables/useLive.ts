import { onBeforeUnmount, onMounted } from "vue";
import { type Change, onChange } from "@/stores/live";

const GATHER_MS = 400;

interface ReloadOptions {
  /** Whether a change whose topic fits is about what is on screen. */
  concerns?: (change: Change) => boolean;
  gatherMs?: number;
}

/**
 * Run ``reload`` soon after a change whose topic begins with one of ``prefixes``. A burst of changes runs it once, and
 * it never runs twice at a time: under a steady stream of changes each reading still comes to its end.
 */
export function useReloadOn(prefixes: readonly string[], reload: () => unknown, options: ReloadOptions = {}) {
  let timer: number | undefined;
  let running = false;
  let again = false;
  let gone = false;
  let stop: () => void = () => undefined;

  function plan(): void {
    if (running) again = true;
    else timer ??= window.setTimeout(() => void run(), options.gatherMs ?? GATHER_MS);
  }

  async function run(): Promise<void> {
    timer = undefined;
    running = true;
    again = false;
    try {
      await reload();
    } finally {
      running = false;
      if (again && !gone) plan();
    }
  }

  onMounted(() => {
    stop = onChange((change) => {
      const fits = prefixes.some((prefix) => change.topic.startsWith(prefix)) && (options.concerns?.(change) ?? true);
      if (fits || change.topic === "resync" || change.topic === "ready") plan();
    });
  });
  onBeforeUnmount(() => {
    gone = true;
    stop();
    window.clearTimeout(timer);
  });
}

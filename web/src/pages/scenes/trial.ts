// A trial under way: asked for again until it is over.
import { onUnmounted, shallowRef } from "vue";
import { overlays, type Trial } from "./calls";

const POLL_MS = 700;

/** `act` shows what goes wrong. */
export function useTrial(act: (work: () => Promise<void>) => Promise<void>) {
  const trial = shallowRef<Trial | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;

  function follow(now: Trial): void {
    trial.value = now;
    clearTimeout(timer);
    if (now.state !== "waiting" && now.state !== "running") return;
    timer = setTimeout(() => {
      void act(async () => {
        const seen = await overlays.trial(now.trial_id);
        if (trial.value?.trial_id === now.trial_id) follow(seen);
      });
    }, POLL_MS);
  }
  const cancel = (): Promise<void> =>
    act(async () => {
      if (trial.value !== null) follow(await overlays.cancel(trial.value.trial_id));
    });
  onUnmounted(() => clearTimeout(timer));
  return { trial, follow, cancel };
}

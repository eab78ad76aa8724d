import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";
import { clockOffsetMs } from "@/stores/session";

const DAY_MS = 86_400_000;
const now = ref(Date.now());
let users = 0;
let timer: number | undefined;

/** The server's time in milliseconds: what is asked for or proposed by the time must not depend on this machine's clock. */
export const serverMs = (): number => Date.now() + clockOffsetMs.value;

function tick(): void {
  now.value = serverMs();
}

/** The server's time in milliseconds, moving once a second while anything on screen uses it. */
export function useNow(): Readonly<Ref<number>> {
  onMounted(() => {
    users += 1;
    tick();
    timer ??= window.setInterval(tick, 1000);
  });
  onBeforeUnmount(() => {
    users -= 1;
    if (users === 0) {
      window.clearInterval(timer);
      timer = undefined;
    }
  });
  return now;
}

/** The server's day in Shanghai, such as 2026-11-22, or the day so many days from it. */
export function today(days = 0): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(serverMs() + days * DAY_MS);
}

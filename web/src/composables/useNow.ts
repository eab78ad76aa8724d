import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";
import { clockOffsetMs } from "@/stores/session";

const now = ref(Date.now());
let users = 0;
let timer: number | undefined;

function tick(): void {
  now.value = Date.now() + clockOffsetMs.value;
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

/** The server's day in Shanghai, such as 2026-11-22: what a form proposes must not depend on this machine's clock. */
export function today(): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(Date.now() + clockOffsetMs.value);
}

// Steps that were pressed and not sent yet: kept in the browser, sent in their order, each exactly once by its own number.
// How long ago a step was pressed is told when it is sent, so that the phone's clock does not matter.
import { onBeforeUnmount, onMounted, ref, type Ref, shallowRef } from "vue";
import { ApiProblem } from "@/api/client";
import type { Problem } from "@/api/types";
import { newClientId } from "@/api/upload";
import { me } from "@/stores/session";
import { type Drill, drills } from "./calls";

export interface Waiting {
  clientId: string;
  step: string;
  /** By this device's clock. */
  pressedMs: number;
  people: number | null;
  words: string;
}
export interface Refused {
  press: Waiting;
  problem: Problem;
}

const RETRY_MS = 3000;
const LATER = new Set([0, 429, 502, 503, 504]);

export function usePresses(drillId: string, taken: (drill: Drill) => void) {
  const key = `cityops.drill.${me.value?.username ?? ""}.${drillId}`;
  const waiting: Ref<Waiting[]> = ref(JSON.parse(localStorage.getItem(key) ?? "[]") as Waiting[]);
  const refused = shallowRef<Refused[]>([]);
  const unreachable = ref(false);
  let sending = false;
  let timer: number | undefined;

  function keep(list: Waiting[]): void {
    if (list.length) localStorage.setItem(key, JSON.stringify(list));
    else localStorage.removeItem(key);
    waiting.value = list;
  }

  /** Kept first, then sent: a page that is closed in between sends it when it is opened again. */
  function press(step: string, people: number | null = null, words = ""): void {
    if (waiting.value.some((one) => one.step === step)) return;
    keep([...waiting.value, { clientId: newClientId(), step, pressedMs: Date.now(), people, words }]);
    void send();
  }

  async function send(): Promise<void> {
    if (sending) return;
    sending = true;
    try {
      for (let next = waiting.value[0]; next !== undefined; next = waiting.value[0]) {
        if (!(await sendOne(next))) return;
      }
    } finally {
      sending = false;
    }
  }

  async function sendOne(one: Waiting): Promise<boolean> {
    const { clientId, step, people, words } = one;
    const age_ms = Math.max(0, Date.now() - one.pressedMs);
    try {
      taken(await drills.press(drillId, { client_id: clientId, step, age_ms, people, words }));
      unreachable.value = false;
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      unreachable.value = LATER.has(error.status);
      if (unreachable.value || error.status === 401) return false;
      refused.value = [...refused.value, { press: one, problem: error.problem }];
    }
    keep(waiting.value.filter((kept) => kept.clientId !== clientId));
    return true;
  }

  onMounted(() => {
    timer = window.setInterval(() => void send(), RETRY_MS);
    window.addEventListener("online", send);
    void send();
  });
  onBeforeUnmount(() => {
    window.clearInterval(timer);
    window.removeEventListener("online", send);
  });

  return { waiting, refused, unreachable, press };
}

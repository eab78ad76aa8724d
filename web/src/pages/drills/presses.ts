// Steps that were pressed and not sent yet: kept in the browser, sent in their order, each exactly once by its own number.
// How long ago a step was pressed is told when it is sent, so that the phone's clock does not matter.
import { onBeforeUnmount, onMounted, ref, type Ref, shallowRef } from "vue";
import { ApiProblem } from "@/api/client";
import type { Problem } from "@/api/types";
import { newClientId } from "@/api/upload";
import { type Drill, drills } from "./calls";

export interface Waiting {
  clientId: string;
  step: string;
  /** By this device's clock. */
  pressedMs: number;
  people: number | null;
  words: string;
}
/** A drill as a device read it last; `aheadMs`: how far the server's clock was ahead of the device's. */
export interface KeptDrill {
  drill: Drill;
  aheadMs: number;
}
export interface Refused {
  press: Waiting;
  problem: Problem;
}

const RETRY_MS = 3000;
const LATER = new Set([0, 429, 502, 503, 504]);
const PREFIX = "cityops.drill.";
const keyOf = (owner: string, drillId: string): string => `${PREFIX}${owner}.${drillId}`;
const keptIn = (key: string): Waiting[] => JSON.parse(localStorage.getItem(key) ?? "[]") as Waiting[];

function keepIn(key: string, list: readonly Waiting[]): void {
  if (list.length) localStorage.setItem(key, JSON.stringify(list));
  else localStorage.removeItem(key);
}

function send(drillId: string, { clientId, step, pressedMs, people, words }: Waiting): Promise<Drill> {
  return drills.press(drillId, { client_id: clientId, step, age_ms: Math.max(0, Date.now() - pressedMs), people, words });
}

const keysOf = (owner: string): string[] => Object.keys(localStorage).filter((key) => key.startsWith(keyOf(owner, "")));

/** How many steps of this person wait on the device. */
export const waitingOf = (owner: string): number => keysOf(owner).reduce((sum, key) => sum + keptIn(key).length, 0);

/**
 * Send what waits of drills that are not `open`, each in its order, while this person is signed in. What the server
 * refuses stays for the drill to show when it is opened; a failure ends it for this time.
 */
export async function sendOthers(owner: string, open: string | null, maySend: () => boolean): Promise<void> {
  for (const key of keysOf(owner)) {
    const drillId = key.slice(keyOf(owner, "").length);
    for (let [first, ...rest] = keptIn(key); first !== undefined && drillId !== open && maySend(); [first, ...rest] = keptIn(key)) {
      try {
        await send(drillId, first);
      } catch (error) {
        if (!(error instanceof ApiProblem)) throw error;
        if (LATER.has(error.status) || error.status === 401) return;
        break;
      }
      keepIn(key, rest);
    }
  }
}

/** `owner`: the account that presses; `maySend`: whether the server knows this person now. */
export function usePresses(owner: string, drillId: string, maySend: () => boolean, taken: (drill: Drill) => void) {
  const key = keyOf(owner, drillId);
  const waiting: Ref<Waiting[]> = ref(keptIn(key));
  const refused = shallowRef<Refused[]>([]);
  const unreachable = ref(false);
  let sending = false;
  let timer: number | undefined;

  function keep(list: Waiting[]): void {
    keepIn(key, list);
    waiting.value = list;
  }

  /** Kept first, then sent: a page that is closed in between sends it when it is opened again. */
  function press(step: string, people: number | null = null, words = ""): void {
    if (waiting.value.some((one) => one.step === step)) return;
    keep([...waiting.value, { clientId: newClientId(), step, pressedMs: Date.now(), people, words }]);
    void sendAll();
  }

  async function sendAll(): Promise<void> {
    if (sending || !maySend()) return;
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
    try {
      taken(await send(drillId, one));
      unreachable.value = false;
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      unreachable.value = LATER.has(error.status);
      if (unreachable.value || error.status === 401) return false;
      refused.value = [...refused.value, { press: one, problem: error.problem }];
    }
    keep(waiting.value.filter((kept) => kept.clientId !== one.clientId));
    return true;
  }

  onMounted(() => {
    timer = window.setInterval(() => void sendAll(), RETRY_MS);
    window.addEventListener("online", sendAll);
    void sendAll();
  });
  onBeforeUnmount(() => {
    window.clearInterval(timer);
    window.removeEventListener("online", sendAll);
  });

  return { waiting, refused, unreachable, press };
}

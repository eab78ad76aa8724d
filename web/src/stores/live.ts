// One stream of server-sent events for the whole interface. Pages subscribe; the connection's state is visible; what
// was missed while it was down is announced as one "resync", so that pages read their lists again. Its beginning is one
// "ready": on a slow network a page has read its lists before the stream was there, and missed what changed between.
import { reactive } from "vue";
import { livePath } from "@/api/calls";

export type LiveState = "off" | "connecting" | "open" | "lost";
export interface Change {
  topic: string;
  key: string;
  case_id?: string;
}
/** device, lon, lat, speed_kmh, course_deg, event_ms, state code */
export type PositionRow = [number, number, number, number, number, number, number];

const SILENCE_LIMIT_MS = 40_000; // the server pings every 15 s
const WATCH_EVERY_MS = 5_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_LAST_MS = 15_000;

export const live = reactive({ state: "off" as LiveState, lastEventMs: 0, attempts: 0 });

const changeHandlers = new Set<(change: Change) => void>();
const positionHandlers = new Set<(rows: PositionRow[]) => void>();
const goneHandlers = new Set<(devices: number[]) => void>();
let source: EventSource | null = null;
let retryTimer: number | undefined;
let watchTimer: number | undefined;
let everReady = false;
let checkSession: () => Promise<boolean> = () => Promise.resolve(true);

function announce(change: Change): void {
  for (const handler of changeHandlers) handler(change);
}

function heard(): void {
  live.lastEventMs = Date.now();
}

function lose(): void {
  source?.close();
  source = null;
  live.state = "lost";
  live.attempts += 1;
  window.clearTimeout(retryTimer);
  const delayMs = Math.min(RETRY_FIRST_MS * 2 ** (live.attempts - 1), RETRY_LAST_MS);
  retryTimer = window.setTimeout(() => void reconnect(), delayMs);
}

async function reconnect(): Promise<void> {
  if (await checkSession()) open();
}

function open(): void {
  if (source !== null) return;
  live.state = everReady ? "lost" : "connecting";
  const stream = new EventSource(livePath);
  source = stream;
  stream.addEventListener("open", () => {
    heard();
    live.state = "open";
    live.attempts = 0;
  });
  // Not at "open": the server takes a listener in a moment after it has answered, and tells everything from here on.
  stream.addEventListener("ready", () => {
    announce({ topic: everReady ? "resync" : "ready", key: "" });
    everReady = true;
  });
  stream.addEventListener("error", () => {
    if (source === stream) lose();
  });
  stream.addEventListener("ping", heard);
  for (const farewell of ["lagging", "closing", "signed_out"]) {
    stream.addEventListener(farewell, () => source === stream && lose());
  }
  stream.addEventListener("positions", (event: MessageEvent<string>) => {
    heard();
    const { rows } = JSON.parse(event.data) as { rows: PositionRow[] };
    for (const handler of positionHandlers) handler(rows);
  });
  stream.addEventListener("gone", (event: MessageEvent<string>) => {
    heard();
    const { devices } = JSON.parse(event.data) as { devices: number[] };
    for (const handler of goneHandlers) handler(devices);
  });
  stream.addEventListener("change", (event: MessageEvent<string>) => {
    heard();
    announce(JSON.parse(event.data) as Change);
  });
}

/** Start listening. ``stillSignedIn`` is asked before each new attempt; when it answers false, listening ends. */
export function startLive(stillSignedIn: () => Promise<boolean>): void {
  if (source !== null || watchTimer !== undefined) return;
  checkSession = stillSignedIn;
  watchTimer = window.setInterval(() => {
    if (live.state === "open" && Date.now() - live.lastEventMs > SILENCE_LIMIT_MS) lose();
  }, WATCH_EVERY_MS);
  open();
}

export function stopLive(): void {
  source?.close();
  source = null;
  everReady = false;
  window.clearTimeout(retryTimer);
  window.clearInterval(watchTimer);
  watchTimer = undefined;
  live.state = "off";
  live.attempts = 0;
}

export function onChange(handler: (change: Change) => void): () => void {
  changeHandlers.add(handler);
  return () => changeHandlers.delete(handler);
}

export function onPositions(handler: (rows: PositionRow[]) => void): () => void {
  positionHandlers.add(handler);
  return () => positionHandlers.delete(handler);
}

/** Vehicles that have left what this person may see. */
export function onGone(handler: (devices: number[]) => void): () => void {
  goneHandlers.add(handler);
  return () => goneHandlers.delete(handler);
}

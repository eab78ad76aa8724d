// Times of a drill: minutes and seconds from its start.
import type { Drill, DrillStep } from "./calls";
import type { Waiting } from "./presses";

/** 75,400 ms → 1:15 */
export function minutes(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "—";
  const total = Math.floor(Math.abs(ms) / 1000);
  return `${Math.floor(total / 60)}:${String(total % 60).padStart(2, "0")}`;
}

export interface ShownStep extends DrillStep {
  /** Pressed on this device and not sent yet. */
  queued: boolean;
}

/** When the drill began, by this device's clock; null before it did. `aheadMs`: how far the server's clock is ahead. */
export function startedMs(drill: Drill, waiting: readonly Waiting[], aheadMs: number): number | null {
  if (drill.started_at !== null) return new Date(drill.started_at).getTime() - aheadMs;
  return waiting.find((one) => one.step === "start")?.pressedMs ?? null;
}

/** The steps as the server has them, and over them what this device has still to send. */
export function shownSteps(drill: Drill, waiting: readonly Waiting[], aheadMs: number): ShownStep[] {
  const began = startedMs(drill, waiting, aheadMs);
  return drill.steps.map((step) => {
    const own = waiting.find((one) => one.step === step.step);
    if (own === undefined || step.elapsed_ms !== null || began === null) return { ...step, queued: own !== undefined };
    const elapsed_ms = own.pressedMs - began;
    const late_ms = step.target_s === null ? null : (Math.floor(elapsed_ms / 1000) - step.target_s) * 1000;
    return { ...step, elapsed_ms, late_ms, people: own.people, queued: true };
  });
}

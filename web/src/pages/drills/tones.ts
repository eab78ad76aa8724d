// How a drill's state is shown.
import type { Drill } from "./calls";

export const TONES: Record<Drill["state"], "busy" | "good" | "bad" | "wait" | "quiet"> = {
  planned: "wait",
  running: "busy",
  finished: "good",
  aborted: "quiet",
};

// The tone of a state's dot. States come from the scene's workflow: an unknown one is simply under way.
type Tone = "busy" | "good" | "bad" | "wait" | "quiet";

const CASE_TONES: Record<string, Tone> = {
  reported: "bad",
  filed: "bad",
  returned: "bad",
  handled: "wait",
  fed_back: "wait",
  checked: "wait",
  verifying: "wait",
  closed: "good",
  rejected: "quiet",
  merged: "quiet",
  void: "quiet",
};
const TASK_TONES: Record<string, Tone> = {
  open: "bad",
  assigned: "bad",
  asking: "wait",
  deferred: "wait",
  part_returned: "wait",
  answered: "wait",
  passed: "wait",
  failed: "bad",
  finished: "good",
  accepted: "good",
  confirmed: "good",
  released: "quiet",
  recalled: "quiet",
  superseded: "quiet",
  returned: "bad",
  submitted: "wait",
  approved: "good",
  done: "good",
  waived: "quiet",
  cancelled: "quiet",
};

export const caseTone = (state: string): Tone => CASE_TONES[state] ?? "busy";
export const taskTone = (state: string): Tone => TASK_TONES[state] ?? "busy";

// The tone of a state's dot. States come from the scene's workflow: an unknown one is simply under way.
type Tone = "busy" | "good" | "bad" | "wait" | "quiet";

const CASE_TONES: Record<string, Tone> = { filed: "bad", handled: "wait", checked: "wait", closed: "good", void: "quiet" };
const TASK_TONES: Record<string, Tone> = {
  open: "bad",
  returned: "bad",
  submitted: "wait",
  approved: "good",
  done: "good",
  waived: "quiet",
  cancelled: "quiet",
};

export const caseTone = (state: string): Tone => CASE_TONES[state] ?? "busy";
export const taskTone = (state: string): Tone => TASK_TONES[state] ?? "busy";

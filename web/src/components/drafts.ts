// What a person has typed into a step's form, kept until the step is taken: a stale version, an expired session or a
// reload of the page does not lose it.
export type FormValue = string | number | boolean | string[] | undefined;

export interface Draft {
  form: Record<string, FormValue>;
  comment: string;
}

const key = (caseId: string, action: string, taskId: string | null): string =>
  `cityops.draft.${caseId}.${taskId ?? "case"}.${action}`;

export function readDraft(caseId: string, action: string, taskId: string | null): Draft {
  const stored = sessionStorage.getItem(key(caseId, action, taskId));
  return stored === null ? { form: {}, comment: "" } : (JSON.parse(stored) as Draft);
}

export function keepDraft(caseId: string, action: string, taskId: string | null, draft: Draft): void {
  sessionStorage.setItem(key(caseId, action, taskId), JSON.stringify(draft));
}

export function dropDraft(caseId: string, action: string, taskId: string | null): void {
  sessionStorage.removeItem(key(caseId, action, taskId));
}

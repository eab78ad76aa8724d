// The scene's own routes.
import { get, post } from "@/api/client";
import type { components } from "@/api/schema";

export type Work = components["schemas"]["Work"];
export type NewWork = components["schemas"]["NewWork"];
export type NewNight = components["schemas"]["NewNight"];

const base = "/api/scenes/urban_management/works";

export const works = {
  list: () => get<{ items: Work[] }>(base),
  draft: (work: NewWork) => post<Work>(base, work),
  night: (caseId: string, night: NewNight) => post<Work>(`${base}/${encodeURIComponent(caseId)}/nights`, night),
};

// The scene's own routes.
import { get, post, remove } from "@/api/client";
import type { components } from "@/api/schema";

export type Work = components["schemas"]["Work"];
export type NewWork = components["schemas"]["NewWork"];
export type NewNight = components["schemas"]["NewNight"];
export type Winter = components["schemas"]["Winter"];
export type WinterMode = components["schemas"]["WinterMode"];
export type WinterSpot = components["schemas"]["WinterSpot"];
export type NewWinterSpot = components["schemas"]["NewWinterSpot"];
export type NewWinterMode = components["schemas"]["NewWinterMode"];
export type NewWinterVisit = components["schemas"]["NewWinterVisit"];

const scene = "/api/scenes/urban_management";
const base = `${scene}/works`;

export const works = {
  list: () => get<{ items: Work[] }>(base),
  draft: (work: NewWork) => post<Work>(base, work),
  night: (caseId: string, night: NewNight) => post<Work>(`${base}/${encodeURIComponent(caseId)}/nights`, night),
};

export const winter = {
  get: (day: string) => get<Winter>(`${scene}/winter`, { day }),
  on: (mode: NewWinterMode) => post<Winter>(`${scene}/winter/mode`, mode),
  off: () => remove<undefined>(`${scene}/winter/mode`),
  addSpot: (spot: NewWinterSpot) => post<unknown>(`${scene}/winter/spots`, spot),
  removeSpot: (spotId: string) => remove<undefined>(`${scene}/winter/spots/${encodeURIComponent(spotId)}`),
  look: (spotId: string, visit: NewWinterVisit) => post<unknown>(`${scene}/winter/spots/${encodeURIComponent(spotId)}/visits`, visit),
};

// The routes of drills.
import { get, post, type Query } from "@/api/client";
import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type Drill = Schemas["Drill"];
export type DrillKind = Schemas["DrillKind"];
export type DrillStep = Schemas["DrillStep"];
export type NewDrill = Schemas["NewDrill"];
export type NewPress = Schemas["NewDrillPress"];

const part = encodeURIComponent;

export const drills = {
  kinds: () => get<Schemas["DrillKindList"]>("/api/drills/kinds"),
  list: (query: Query) => get<Schemas["DrillList"]>("/api/drills", query),
  one: (id: string) => get<Drill>(`/api/drills/${part(id)}`),
  places: (register: string, q: string) =>
    get<Schemas["RegisterEntryList"]>(`/api/registers/${part(register)}/objects`, { q, page_size: 30 }),
  plan: (drill: NewDrill) => post<Drill>("/api/drills", drill),
  press: (id: string, press: NewPress) => post<Drill>(`/api/drills/${part(id)}/presses`, press),
  withdraw: (id: string, pressId: string, reason: string) =>
    post<Drill>(`/api/drills/${part(id)}/presses/${part(pressId)}/withdrawal`, { reason }),
  abort: (id: string, reason: string) => post<Drill>(`/api/drills/${part(id)}/abort`, { reason }),
};

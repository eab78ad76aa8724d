// The scene's own routes.
import { get, post } from "@/api/client";
import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type DisputeForms = Schemas["DisputeForms"];
export type DisputeOption = Schemas["DisputeOption"];
export type Dispute = Schemas["DisputeAnswer"];
export type DisputeParty = Schemas["DisputeParty"];
export type NewDispute = Schemas["NewDisputeBody"];
export type NewSchedule = Schemas["NewScheduleBody"];
export type Minutes = Schemas["MinutesBody"];
export type Meeting = Schemas["ResidentMeeting"];
export type Tally = Schemas["TallyAnswer"];
export type NewReported = Schemas["NewReportedBody"];
export type Figures = Schemas["FiguresAnswer"];
type Registered = Schemas["DisputeRegistered"];

const base = "/api/scenes/disputes";
const part = encodeURIComponent;
const on = (meeting: Meeting) => `${base}/schedules/${part(meeting.schedule_id)}/${meeting.planned_day}`;

export const disputes = {
  forms: () => get<DisputeForms>(`${base}/forms`),
  register: (dispute: NewDispute) => post<Registered>(`${base}/cases`, dispute),
  takeUp: (matterId: string, version: number, dispute: NewDispute) =>
    post<Registered>(`${base}/matters/${part(matterId)}/dispute`, { ...dispute, version }),
  one: (caseId: string) => get<Dispute>(`${base}/cases/${part(caseId)}`),
  parties: (caseId: string, purpose: string) => get<{ items: DisputeParty[] }>(`${base}/cases/${part(caseId)}/parties`, { purpose }),
  meetings: (first: string, last: string) => get<{ items: Meeting[] }>(`${base}/meetings`, { first, last }),
  schedule: (schedule: NewSchedule) => post<{ schedule_id: string }>(`${base}/schedules`, schedule),
  record: (meeting: Meeting, minutes: Minutes) => post<{ meeting_id: string }>(`${on(meeting)}/minutes`, minutes),
  cancel: (meeting: Meeting, reason: string) => post<{ meeting_id: string }>(`${on(meeting)}/cancel`, { reason }),
  figures: () => get<Figures>(`${base}/figures`),
  enterReported: (figure: NewReported) => post<unknown>(`${base}/figures/reported`, figure),
};

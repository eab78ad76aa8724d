// The scene's own routes: the desk's, and those of a party's phone, which says who it is in headers and not in addresses.
import { get, post, remove, request, type Query } from "@/api/client";
import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type Accident = Schemas["AccidentDetail"];
export type AccidentRow = Schemas["AccidentRow"];
export type AccidentParty = Schemas["AccidentParty"];
export type AccidentLink = Schemas["AccidentLink"];
export type Figures = Schemas["QuickFigures"];
export type Decision = Schemas["LiabilityDecision"];
export type Reported = Schemas["ReportedAccident"];
export type PartyPage = Schemas["PartyPage"];
export type Level = "full" | "main" | "equal" | "secondary" | "none";
export type Handed = "told" | "message" | "shown" | "by_patrol";
export type PhotoView = "front" | "rear" | "contact" | "plates" | "other";
type Faults = Record<string, string[]>;

export const LEVELS: readonly Level[] = ["full", "main", "equal", "secondary", "none"];
export const HANDED: readonly Handed[] = ["message", "told", "shown", "by_patrol"];
export const VIEWS: readonly PhotoView[] = ["front", "rear", "contact", "plates"];

const base = "/api/scenes/quick_accident";
const of = (caseId: string) => `${base}/accidents/${encodeURIComponent(caseId)}`;

export const accidents = {
  list: (ended: boolean) => get<{ items: AccidentRow[] }>(`${base}/accidents`, { ended }),
  register: (accident: Reported) => post<Accident>(`${base}/accidents`, accident),
  one: (caseId: string) => get<Accident>(of(caseId)),
  screen: (caseId: string, exclusions: string[]) => post<Accident>(`${of(caseId)}/screening`, { exclusions }),
  suggest: (caseId: string, faults: Faults) => post<{ levels: Level[] | null }>(`${of(caseId)}/suggestion`, { faults }),
  decide: (caseId: string, decision: Decision) => post<Accident>(`${of(caseId)}/decision`, decision),
  ask: (caseId: string, partyId: string, words: string) => post<Accident>(`${of(caseId)}/parties/${partyId}/ask`, { words }),
  link: (caseId: string, partyId: string) => post<Schemas["NewLink"]>(`${of(caseId)}/parties/${partyId}/link`),
  handed: (caseId: string, linkId: string, how: Handed) => post<AccidentLink>(`${of(caseId)}/links/${linkId}/handed`, { how }),
  revoke: (caseId: string, linkId: string) => remove<AccidentLink>(`${of(caseId)}/links/${linkId}`),
  figures: (query: Query) => get<Figures>(`${base}/figures`, query),
};

/** A party's phone: the token of its link and, once it said who it is, its key. */
export function partyCalls(token: string, key: () => string) {
  const path = `${base}/party`;
  const headers = () => ({ "X-Party-Token": token, "X-Party-Key": key() });
  const sent = (where: string, body: unknown = {}) => request<PartyPage>("POST", `${path}${where}`, { body, headers: headers() });
  return {
    greeting: () => request<Schemas["PartyGreeting"]>("GET", `${path}/greeting`, { headers: headers() }),
    identify: (plateEnd: string, phoneEnd: string) =>
      request<Schemas["PartyKey"]>("POST", `${path}/identity`, { body: { plate_end: plateEnd, phone_end: phoneEnd, consents: true }, headers: headers() }),
    page: () => request<PartyPage>("GET", path, { headers: headers() }),
    tell: (facts: Schemas["PartyTold"]) => sent("/facts", facts),
    moved: () => sent("/moved"),
    answer: (decisionId: string, agrees: boolean, words: string | null) => sent("/answer", { decision_id: decisionId, agrees, words }),
    photo: (view: PhotoView, file: Blob, clientId: string) =>
      request<PartyPage>("POST", `${path}/photos`, { query: { view, client_id: clientId }, file, headers: headers() }),
  };
}

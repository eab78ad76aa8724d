// The scene's own routes, and what its words and tones hang on.
import { address, get, post, type Query } from "@/api/client";
import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type Spot = Schemas["SpotRow"];
export type SpotFigures = Schemas["SpotFigures"];
export type Comparison = Schemas["SpotComparison"];
export type Deployment = Schemas["SpotDeployment"];
export type Proposals = Schemas["ProposedSpots"];
export type Proposal = Schemas["ProposedSpot"];
export type Decision = Schemas["SpotDecision"];

const base = "/api/scenes/hazard_spots";

export const spots = {
  ranking: () => get<Schemas["SpotRanking"]>(`${base}/ranking`),
  figures: (id: string) => get<SpotFigures>(`${base}/spots/${encodeURIComponent(id)}`),
  deployment: (query: Query) => get<Deployment>(`${base}/deployment`, query),
  proposals: () => get<Proposals>(`${base}/proposals`),
  decide: (decision: Decision) => post<Schemas["SpotDecided"]>(`${base}/decisions`, decision),
};

export const deploymentSheet = (query: Query): string => address(`${base}/deployment.xlsx`, query);

export const CATEGORIES = ["congestion", "disorder", "hazard"] as const;
/** The way of a spot; each step has its date in `<step>_on`. */
export const STEPS = ["found", "confirmed", "treated", "reviewed", "removed"] as const;
export const STATES = [...STEPS, "dismissed"] as const;
export const SEVERITIES = ["notice", "warning", "serious", "critical"] as const;

/** Tones of the dot; the word beside it says the same. */
export const TONES: Record<string, "good" | "wait" | "bad" | "quiet"> = {
  found: "wait",
  confirmed: "bad",
  treated: "wait",
  reviewed: "good",
  removed: "quiet",
  dismissed: "quiet",
  planned: "quiet",
  doing: "wait",
  done: "good",
  dropped: "quiet",
};

export const clockHour = (hour: number): string => `${String(hour).padStart(2, "0")}:00`;

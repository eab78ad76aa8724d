// The scene's own routes.
import type { FeatureCollection, Geometry } from "geojson";
import { get, post, request } from "@/api/client";
import type { components } from "@/api/schema";

type Schemas = components["schemas"];
/** A permit on the map; `current`: it covers digging on the day that was asked for. */
export interface Permit {
  permit_id: string;
  number: string;
  place: string;
  holder: string;
  valid_from: string;
  valid_to: string;
  depth_m: number;
  current: boolean;
}
export type PermitLayer = FeatureCollection<Geometry, Permit>;
export type Judgement = Schemas["Judgement"];
export type CaseFacts = Schemas["CaseFacts"];
export type FilesTaken = Schemas["FilesTaken"];
export type SheetError = Schemas["DiggingSheetError"];
export type NewFinding = Schemas["NewFinding"];
export type Reported = Schemas["Reported"];

const base = "/api/scenes/road_excavation";

export const fileTemplatePath = `${base}/files/template.xlsx`;

export const digging = {
  layer: (on: string) => get<PermitLayer>(`${base}/permits.geojson`, { on }),
  judge: (lon: number, lat: number, on: string) => get<Judgement>(`${base}/judgement`, { lon, lat, on }),
  report: (finding: NewFinding) => post<Reported>(`${base}/findings`, finding),
  facts: (caseId: string) => get<CaseFacts>(`${base}/cases/${encodeURIComponent(caseId)}`),
  takeFiles: (file: Blob, validOnly: boolean) => request<FilesTaken>("POST", `${base}/files/import`, { file, query: { valid_only: validOnly } }),
};

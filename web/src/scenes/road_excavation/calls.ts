// The scene's own routes.
import type { FeatureCollection } from "geojson";
import { get, post, request } from "@/api/client";
import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type Permit = Schemas["Permit"];
export type Judgement = Schemas["Judgement"];
export type CaseFacts = Schemas["CaseFacts"];
export type PermitsTaken = Schemas["PermitsTaken"];
export type FilesTaken = Schemas["FilesTaken"];
export type SheetError = Schemas["DiggingSheetError"];
export type NewFinding = Schemas["NewFinding"];
export type Reported = Schemas["Reported"];

const base = "/api/scenes/road_excavation";

export const permitSheetPath = `${base}/permits.xlsx`;
export const fileTemplatePath = `${base}/files/template.xlsx`;

export const digging = {
  permits: () => get<{ items: Permit[] }>(`${base}/permits`),
  layer: () => get<FeatureCollection>(`${base}/permits.geojson`),
  judge: (lon: number, lat: number, on: string) => get<Judgement>(`${base}/judgement`, { lon, lat, on }),
  report: (finding: NewFinding) => post<Reported>(`${base}/findings`, finding),
  facts: (caseId: string) => get<CaseFacts>(`${base}/cases/${encodeURIComponent(caseId)}`),
  takePermits: (file: Blob, validOnly: boolean) => request<PermitsTaken>("POST", `${base}/permits/import`, { file, query: { valid_only: validOnly } }),
  takeFiles: (file: Blob, validOnly: boolean) => request<FilesTaken>("POST", `${base}/files/import`, { file, query: { valid_only: validOnly } }),
};

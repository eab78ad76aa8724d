// The scenes and a city's overlay of each.
import { get, post, remove, request, type Query } from "@/api/client";
import type { components } from "@/api/schema";
import type { RuleChanges, RuleVersion } from "@/api/types";

type Schemas = components["schemas"];
export type SceneRow = Schemas["SceneRow"];
export type Overlay = Schemas["OverlayAnswer"];
export type Leaf = Schemas["LeafRow"];
export type ValueFault = Schemas["ValueFault"];
export type OverlayCheck = Schemas["OverlayCheck"];
export type Trial = Schemas["TrialAnswer"];
export type TrialResult = Schemas["TrialResult"];
type SheetValues = Schemas["SheetValues"];
export type Values = Record<string, string>;

const part = encodeURIComponent;
const at = (scene: string) => `/api/scenes/${part(scene)}/overlay`;

export const overlays = {
  scenes: () => get<{ items: SceneRow[] }>("/api/scenes"),
  one: (scene: string) => get<Overlay>(at(scene)),
  check: (scene: string, values: Values) => post<OverlayCheck>(`${at(scene)}/check`, { values }),
  readSheet: (scene: string, file: Blob) => request<SheetValues>("POST", `${at(scene)}/sheet`, { file }),
  tryOut: (scene: string, values: Values, version: number) => post<Trial>(`${at(scene)}/trials`, { values, expected_version: version }),
  trials: (scene: string) => get<{ items: Trial[] }>(`${at(scene)}/trials`),
  trial: (id: string) => get<Trial>(`/api/trials/${part(id)}`),
  tryTable: (table: string, file: Blob) => request<Trial>("POST", `/api/trials/${part(table)}`, { file }),
  cancel: (id: string) => remove<Trial>(`/api/trials/${part(id)}`),
  publish: (scene: string, body: Schemas["PublishBody"]) => post<RuleVersion>(`${at(scene)}/versions`, body),
  versions: (scene: string) => get<{ items: RuleVersion[] }>(`${at(scene)}/versions`),
  changes: (scene: string, query: Query) => get<RuleChanges>(`${at(scene)}/changes`, query),
  rollBack: (scene: string, body: Schemas["RollBackBody"]) => post<RuleVersion>(`${at(scene)}/roll-back`, body),
};
/** The values of an overlay's rows by path. */
export const valuesOf = (rows: readonly Record<string, string>[]): Values => Object.fromEntries(rows.map((row) => [row.path ?? "", row.value ?? ""]));
export const overlaySheet = (scene: string): string => `${at(scene)}/sheet.xlsx`;

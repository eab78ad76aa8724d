// The routes of registers.
import type { FeatureCollection } from "geojson";
import { address, get, post, type Query, request } from "@/api/client";
import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type Register = Schemas["RegisterInfo"];
export type RegisterCard = Schemas["RegisterSummary"];
export type RegisterField = Schemas["RegisterFieldInfo"];
export type Entry = Schemas["RegisterEntry"];
export type EntryValues = Schemas["EntryValues"];
export type HistoryRow = Schemas["EntryHistoryRow"];
export type SheetJob = Schemas["SheetJob"];

const part = encodeURIComponent;
const of = (register: string): string => `/api/registers/${part(register)}`;
const one = (id: string): string => `/api/registers/objects/${part(id)}`;

export const registers = {
  list: () => get<Schemas["RegisterList"]>("/api/registers"),
  register: (name: string) => get<Register>(of(name)),
  entries: (name: string, query: Query, signal?: AbortSignal) => get<Schemas["RegisterEntryList"]>(`${of(name)}/objects`, query, signal),
  layer: (name: string, query: Query = {}) => get<FeatureCollection>(`${of(name)}/layer`, query),
  add: (name: string, values: Schemas["NewEntry"]) => post<Entry>(`${of(name)}/objects`, values),
  entry: (id: string) => get<Entry>(one(id)),
  change: (id: string, change: Schemas["EntryChange"]) => post<Entry>(one(id), change),
  history: (id: string) => get<Schemas["EntryHistory"]>(`${one(id)}/history`),
  related: (id: string) => get<Schemas["EntryRelations"]>(`${one(id)}/related`),
  bulk: (name: string, edit: Schemas["BulkEdit"]) => post<Schemas["BulkResult"]>(`${of(name)}/bulk`, edit),
  startImport: (name: string, file: Blob, query: Query) => request<SheetJob>("POST", `${of(name)}/import`, { query, file }),
  importJob: (id: string) => get<SheetJob>(`/api/registers/imports/${part(id)}`),
};

export const sheetPath = (name: string, query: Query): string => address(`${of(name)}/objects.xlsx`, query);
export const templatePath = (name: string): string => `${of(name)}/template.xlsx`;
export const labelsPath = (name: string, query: Query): string => address(`${of(name)}/labels`, query);
export const codePath = (id: string): string => `${one(id)}/qr.svg`;

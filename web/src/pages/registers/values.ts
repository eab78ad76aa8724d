// What a form of an object holds, and what of it is sent: only what was changed.
import type { Geometry } from "geojson";
import type { InvalidInput, Problem } from "@/api/types";
import { language } from "@/i18n";
import type { Entry, EntryValues } from "./calls";

export interface FormValues {
  code: string;
  title: string;
  state: string | undefined;
  unit_id: string | null;
  supervisor_id: string | null;
  lon: number | null;
  lat: number | null;
  geometry: Geometry | null;
  data: Record<string, unknown>;
}

export const emptyValues = (unitId?: string | null): FormValues => ({ code: "", title: "", state: undefined, unit_id: unitId ?? null, supervisor_id: null, lon: null, lat: null, geometry: null, data: {} });

export const valuesOf = (entry: Entry): FormValues => ({
  code: entry.code,
  title: entry.title,
  state: entry.state,
  unit_id: entry.unit_id,
  supervisor_id: entry.supervisor_id,
  lon: entry.lon,
  lat: entry.lat,
  geometry: entry.geometry as Geometry | null,
  data: { ...entry.data },
});

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** What differs from before; a value that was taken away is null. A new shape brings its own point. */
export function changedValues(before: FormValues | null, now: FormValues): EntryValues {
  const was = before ?? emptyValues();
  const changes: Record<string, unknown> = {};
  for (const name of ["code", "title", "state", "unit_id", "supervisor_id", "lon", "lat", "geometry"] as const) {
    if (!same(was[name], now[name])) changes[name] = now[name] ?? null;
  }
  if ("geometry" in changes && now.lon === null) {
    delete changes["lon"];
    delete changes["lat"];
  }
  const data: Record<string, unknown> = {};
  for (const name of Object.keys({ ...was.data, ...now.data })) {
    if (!same(was.data[name], now.data[name])) data[name] = now.data[name] ?? null;
  }
  return (Object.keys(data).length ? { ...changes, data } : changes) as EntryValues;
}

/** The faults of a refused form by field, in the language on screen. */
export function faultsOf(problem: Problem | null): Record<string, string | undefined> {
  const fields = problem && "fields" in problem ? (problem as InvalidInput).fields : [];
  return Object.fromEntries(fields.map((one) => [one.field, language() === "zh" ? one.message : one.message_en]));
}

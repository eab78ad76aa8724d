// A report as the server takes it, and what it says beforehand when there is a network.
import { get } from "@/api/client";
import type { Bilingual } from "@/api/types";
import { type Entry, keyOf } from "./catalogue";

export const REPORT_PATH = "/api/intake/reports";

export interface Near {
  case_id: string;
  number: string;
  title: Bilingual;
  distance_m: number;
}

export function reportBody(entry: Entry, at: { lon: number; lat: number }, description: string, join: string | null): Record<string, unknown> {
  return {
    source: "field",
    matter: keyOf(entry),
    description,
    lon: at.lon,
    lat: at.lat,
    seen_at: new Date().toISOString(),
    join_case_id: join,
  };
}

export function nearCases(entry: Entry, at: { lon: number; lat: number }): Promise<{ items: Near[] }> {
  return get<{ items: Near[] }>("/api/intake/duplicates", { matter: keyOf(entry), lon: at.lon, lat: at.lat });
}

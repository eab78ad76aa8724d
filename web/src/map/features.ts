// From what the API says to what the map draws.
import type { Feature, FeatureCollection, LineString, Point } from "geojson";
import type { Alert, Case, Closure, Crew, Track } from "@/api/types";

export type TrackPoint = Track["items"][number];
export type Properties = Record<string, string | number | boolean>;

export function collection(features: Feature[]): FeatureCollection {
  return { type: "FeatureCollection", features };
}

export function point(lon: number, lat: number, properties: Properties): Feature<Point> {
  return { type: "Feature", properties, geometry: { type: "Point", coordinates: [lon, lat] } };
}

export function line(coordinates: [number, number][], properties: Properties): Feature<LineString> {
  return { type: "Feature", properties, geometry: { type: "LineString", coordinates } };
}

export function alertFeatures(alerts: readonly Alert[]): FeatureCollection {
  return collection(
    alerts.flatMap((alert) =>
      alert.place === null
        ? []
        : [point(alert.place.lon, alert.place.lat, { id: alert.alert_id, kind: "alert", icon: `alert-${alert.severity}` })],
    ),
  );
}

export function caseFeatures(cases: readonly Case[]): FeatureCollection {
  return collection(
    cases.flatMap((entry) =>
      entry.place === null
        ? []
        : [point(entry.place.lon, entry.place.lat, { id: entry.case_id, kind: "case", icon: `case-${entry.severity}` })],
    ),
  );
}

export function crewFeatures(crews: readonly Crew[]): FeatureCollection {
  return collection(
    crews.flatMap((crew) =>
      crew.lon === null || crew.lat === null
        ? []
        : [point(crew.lon, crew.lat, { id: crew.crew_id, kind: "crew", icon: `crew-${crew.state}`, label: crew.name })],
    ),
  );
}

export function closureFeatures(closures: readonly Closure[]): FeatureCollection {
  return collection(
    closures.map((closure) => line(closure.line as [number, number][], { id: closure.closure_id, kind: "closure", half: closure.half, in_force: closure.in_force })),
  );
}

export function trackFeatures(track: readonly TrackPoint[]): FeatureCollection {
  const ends = [track[0], track.at(-1)].filter((end) => end !== undefined);
  return collection([
    ...(track.length > 1 ? [line(track.map((p) => [p.lon, p.lat] as [number, number]), {})] : []),
    ...ends.map((end, index) => point(end.lon, end.lat, { end: index === 0 ? "start" : "last" })),
  ]);
}

export function boundsOf(points: readonly [number, number][]): [number, number, number, number] | null {
  if (points.length === 0) return null;
  const lons = points.map((p) => p[0]);
  const lats = points.map((p) => p[1]);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

// One point for each area's name: a label placed by the polygon itself would stand once in every tile.
import type { Feature, FeatureCollection, Position } from "geojson";

/** Centroid and area of a ring by the shoelace formula, in degrees. */
function centroid(ring: readonly Position[]): { at: [number, number]; area: number } {
  let area = 0;
  let x = 0;
  let y = 0;
  for (let i = 0; i + 1 < ring.length; i += 1) {
    const [ax = 0, ay = 0] = ring[i] ?? [];
    const [bx = 0, by = 0] = ring[i + 1] ?? [];
    const cross = ax * by - bx * ay;
    area += cross / 2;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return { at: area === 0 ? [ring[0]?.[0] ?? 0, ring[0]?.[1] ?? 0] : [x / (6 * area), y / (6 * area)], area: Math.abs(area) };
}

function outerRings(feature: Feature): Position[][] {
  const { geometry } = feature;
  if (geometry.type === "Polygon") return geometry.coordinates.slice(0, 1);
  if (geometry.type === "MultiPolygon") return geometry.coordinates.flatMap((polygon) => polygon.slice(0, 1));
  return [];
}

/** The middle of each area's largest part, with the area's properties. */
export function labelPoints(areas: FeatureCollection): FeatureCollection {
  const features = areas.features.flatMap((feature): Feature[] => {
    const largest = outerRings(feature).map(centroid).sort((a, b) => b.area - a.area)[0];
    return largest === undefined
      ? []
      : [{ type: "Feature", properties: feature.properties, geometry: { type: "Point", coordinates: largest.at } }];
  });
  return { type: "FeatureCollection", features };
}

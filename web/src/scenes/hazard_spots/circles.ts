// Spots and proposals as circles on a map.
import type { Feature, FeatureCollection } from "geojson";
import { collection, point } from "@/map/features";

const CORNERS = 36;
const M_PER_DEGREE = 111_195;
const TONES: Record<string, string> = { found: "warning", confirmed: "bad", treated: "warning", reviewed: "good" };

export interface Circle {
  id: string;
  lon: number;
  lat: number;
  radius_m: number;
  state: string;
}

export function circles(items: readonly Circle[]): FeatureCollection {
  return collection(
    items.flatMap((one): Feature[] => {
      const properties = { object_id: one.id, tone: TONES[one.state] ?? "neutral" };
      const north = one.radius_m / M_PER_DEGREE;
      const east = north / Math.cos((one.lat * Math.PI) / 180);
      const ring = Array.from({ length: CORNERS + 1 }, (_, corner) => {
        const angle = ((corner % CORNERS) / CORNERS) * 2 * Math.PI;
        return [one.lon + east * Math.cos(angle), one.lat + north * Math.sin(angle)];
      });
      return [{ type: "Feature", properties, geometry: { type: "Polygon", coordinates: [ring] } }, point(one.lon, one.lat, properties)];
    }),
  );
}

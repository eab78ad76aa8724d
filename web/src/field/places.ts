// Which grid and street a point is in, from the map's layers as the phone keeps them.
import type { FeatureCollection, Polygon, MultiPolygon, Position } from "geojson";
import { ref, shallowReactive } from "vue";
import { calls } from "@/api/calls";
import { ApiProblem } from "@/api/client";
import { controlled, isControlled } from "./install";
import { session } from "./person";

/** Kept by the service worker for the time without a network: these are the city's own map, nobody's data. */
const LAYERS = ["grids", "streets", "districts", "landscape", "roads_major", "roads_minor", "junctions", "pois"] as const;
const layers = shallowReactive(new Map<string, FeatureCollection>());

/** Whether the whole map is kept for the time without a network. */
export const mapReady = ref(false);

export interface GridPlace {
  grid: string;
  street: string;
}

async function readAll(): Promise<void> {
  await calls.mapBase();
  for (const name of LAYERS) layers.set(name, await calls.mapLayer(name));
}

/** Read every layer, and once more when the service worker has come to keep them: then the map is here without a network. */
export async function prepareMap(): Promise<void> {
  if (session.value === "out") return;
  try {
    const kept = isControlled();
    await readAll();
    if (!kept) {
      await controlled();
      await readAll();
    }
    mapReady.value = true;
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
  }
}

/** Even-odd rule over all rings: holes are out. */
function inside(rings: readonly Position[][], lon: number, lat: number): boolean {
  let odd = false;
  for (const ring of rings) {
    for (let at = 0; at + 1 < ring.length; at += 1) {
      const [x1 = 0, y1 = 0] = ring[at] ?? [];
      const [x2 = 0, y2 = 0] = ring[at + 1] ?? [];
      if (y1 > lat !== y2 > lat && lon < x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1)) odd = !odd;
    }
  }
  return odd;
}

function find(layer: string, lon: number, lat: number): Record<string, unknown> | null {
  const found = layers.get(layer)?.features.find(({ geometry }) => {
    const shape = geometry as Polygon | MultiPolygon;
    const polygons = shape.type === "Polygon" ? [shape.coordinates] : shape.coordinates;
    return polygons.some((rings) => inside(rings, lon, lat));
  });
  return found?.properties ?? null;
}

/** The grid and the street; null where the layers are not here or the point is outside. */
export function placeOf(lon: number, lat: number): GridPlace | null {
  const grid = find("grids", lon, lat);
  return grid === null ? null : { grid: String(grid.code), street: String(find("streets", lon, lat)?.name ?? "") };
}

// Objects of registers on a map: areas, lines and points, coloured by the tone of their state.
import type { Geometry } from "geojson";
import type { Map as MapLibre } from "maplibre-gl";
import { collection } from "./features";

/** Parts of a layer of objects; their names in the map begin with the source's. */
export const OBJECT_LAYERS = ["area", "line", "point"] as const;
const COLOR = ["match", ["get", "tone"], "good", "#1f8f4d", "warning", "#c77700", "bad", "#c8332b", "drawn", "#2f6fed", "#6b7480"] as never;

/** A source of this name with layers for its areas, lines and points, under the layer `below`; empty until it is given data. */
export function addObjectLayers(map: MapLibre, source: string, below?: string): void {
  const under = below !== undefined && map.getLayer(below) !== undefined ? below : undefined;
  map.addSource(source, { type: "geojson", data: collection([]) });
  map.addLayer({ id: `${source}-area`, source, type: "fill", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": COLOR, "fill-opacity": 0.3 } }, under);
  map.addLayer({ id: `${source}-line`, source, type: "line", filter: ["!=", ["geometry-type"], "Point"], paint: { "line-color": COLOR, "line-width": 3 } }, under);
  const radius = ["interpolate", ["linear"], ["zoom"], 9, 3, 14, 7] as never;
  const paint = { "circle-color": COLOR, "circle-radius": radius, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1.2 };
  map.addLayer({ id: `${source}-point`, source, type: "circle", filter: ["==", ["geometry-type"], "Point"], paint }, under);
}

/** The corners of a geometry. */
export function positionsOf(geometry: Geometry): [number, number][] {
  if (geometry.type === "Point") return [geometry.coordinates as [number, number]];
  if (geometry.type === "LineString") return geometry.coordinates as [number, number][];
  return geometry.type === "Polygon" ? (geometry.coordinates.flat() as [number, number][]) : [];
}

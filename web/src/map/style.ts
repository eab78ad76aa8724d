// The base map, drawn from the city's own layers: no tiles, no glyph or sprite files. Letters are rendered by the browser.
import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Theme } from "@/stores/preferences";
import { MAP_PALETTES } from "./palette";

export const BASE_SOURCES = ["landscape", "districts", "streets", "grids", "roads_major", "roads_minor", "junctions", "pois"] as const;
export const WORK_SOURCES = ["closures", "track", "route", "meet", "crews", "cases", "alerts", "vehicles", "selection"] as const;
const FONT = ["Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "sans-serif"];
const ROAD_CLASS = ["coalesce", ["get", "class"], "unknown"];

/** The layers that one switch of the legend shows or hides. */
export const LAYER_GROUPS = {
  landscape: ["landscape-fill"],
  districts: ["district-fill", "district-line", "district-label"],
  streets: ["street-line", "street-label"],
  grids: ["grid-line"],
  roads: ["minor-line", "road-case", "road-line", "road-label"],
  junctions: ["junction", "junction-label"],
  pois: ["poi", "poi-label"],
  closures: ["closure", "closure-dash"],
  vehicles: ["vehicle", "vehicle-label"],
  crews: ["crew", "crew-label"],
  alerts: ["alert"],
  cases: ["case"],
} as const;
export type LayerGroup = keyof typeof LAYER_GROUPS;

function symbol(id: string, source: string, layout: object, more: object = {}): LayerSpecification {
  return { id, source, type: "symbol", layout, ...more } as LayerSpecification;
}

function roadLayers(theme: Theme): LayerSpecification[] {
  const c = MAP_PALETTES[theme];
  const color = ["match", ROAD_CLASS, "motorway", c.motorway, "trunk", c.trunk, "primary", c.primary, "ramp", c.trunk, c.secondary];
  const width = (base: number) =>
    ["interpolate", ["exponential", 1.5], ["zoom"],
      9, ["match", ROAD_CLASS, "motorway", 1.6, "trunk", 1.3, "primary", 0.8, 0.4],
      13, ["match", ROAD_CLASS, "motorway", 4 * base, "trunk", 3.6 * base, "primary", 2.6 * base, 1.5 * base],
      17, ["match", ROAD_CLASS, "motorway", 18 * base, "trunk", 16 * base, "primary", 13 * base, 9 * base]];
  const round = { "line-cap": "round", "line-join": "round" };
  return [
    { id: "minor-line", source: "roads_minor", type: "line", minzoom: 12, layout: round,
      paint: { "line-color": c.minor, "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 12, 0.5, 17, 7] } },
    { id: "road-case", source: "roads_major", type: "line", layout: round, minzoom: 11,
      paint: { "line-color": c.ground, "line-width": width(1.35) } },
    { id: "road-line", source: "roads_major", type: "line", layout: round,
      paint: { "line-color": color, "line-width": width(1) } },
  ] as LayerSpecification[];
}

function areaLayers(theme: Theme): LayerSpecification[] {
  const c = MAP_PALETTES[theme];
  return [
    { id: "ground", type: "background", paint: { "background-color": c.ground } },
    { id: "district-fill", source: "districts", type: "fill", paint: { "fill-color": c.district } },
    { id: "landscape-fill", source: "landscape", type: "fill",
      paint: { "fill-color": ["match", ["coalesce", ["get", "kind"], ""], ["river", "lake", "water"], c.water, ["mountain", "hill"], c.hill, c.green] } },
    { id: "grid-line", source: "grids", type: "line", minzoom: 12, paint: { "line-color": c.grid, "line-width": 0.8 } },
    { id: "street-line", source: "streets", type: "line", minzoom: 10,
      paint: { "line-color": c.border, "line-width": 0.7, "line-dasharray": [3, 3] } },
    { id: "district-line", source: "districts", type: "line", paint: { "line-color": c.border, "line-width": 1.4 } },
  ] as LayerSpecification[];
}

function labelLayers(theme: Theme): LayerSpecification[] {
  const c = MAP_PALETTES[theme];
  const ink = { "text-color": c.label, "text-halo-color": c.halo, "text-halo-width": 1.4 };
  const name = ["coalesce", ["get", "name"], ""];
  return [
    symbol("road-label", "roads_major",
      { "symbol-placement": "line", "text-field": name, "text-font": FONT, "text-size": 11, "symbol-spacing": 420 },
      { minzoom: 12.5, paint: { ...ink, "text-color": c.roadLabel } }),
    symbol("junction", "junctions", { "icon-image": "junction", "icon-allow-overlap": true }, { minzoom: 11.5 }),
    symbol("junction-label", "junctions",
      { "text-field": name, "text-font": FONT, "text-size": 11, "text-offset": [0, 1], "text-anchor": "top" },
      { minzoom: 14, paint: ink }),
    symbol("poi", "pois", { "icon-image": "poi", "icon-allow-overlap": true }, { minzoom: 10.5 }),
    symbol("poi-label", "pois",
      { "text-field": name, "text-font": FONT, "text-size": 11, "text-offset": [0, 0.7], "text-anchor": "top" },
      { minzoom: 11.5, paint: ink }),
    symbol("street-label", "streets_points", { "text-field": name, "text-font": FONT, "text-size": 11 },
      { minzoom: 12.5, paint: { ...ink, "text-color": c.roadLabel } }),
    symbol("district-label", "districts_points",
      { "text-field": name, "text-font": FONT, "text-size": ["interpolate", ["linear"], ["zoom"], 8, 12, 12, 16], "text-letter-spacing": 0.12 },
      { maxzoom: 13.5, paint: ink }),
  ];
}

function workLayers(theme: Theme): LayerSpecification[] {
  const c = MAP_PALETTES[theme];
  const ink = { "text-color": c.label, "text-halo-color": c.halo, "text-halo-width": 1.6 };
  const round = { "line-cap": "round", "line-join": "round" };
  const icon = { "icon-image": ["get", "icon"], "icon-allow-overlap": true, "icon-ignore-placement": true };
  return [
    { id: "closure", source: "closures", type: "line", layout: round, paint: { "line-color": c.closure, "line-width": 7, "line-opacity": ["case", ["boolean", ["get", "in_force"], true], 0.45, 0.15] } },
    { id: "closure-dash", source: "closures", type: "line", paint: { "line-color": c.closure, "line-width": 3, "line-dasharray": [1.2, 1.2] } },
    { id: "track", source: "track", type: "line", layout: round, filter: ["==", ["geometry-type"], "LineString"],
      paint: { "line-color": c.track, "line-width": 3, "line-opacity": 0.9 } },
    { id: "track-ends", source: "track", type: "circle", filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-radius": 4.5, "circle-stroke-width": 2, "circle-stroke-color": c.track,
        "circle-color": ["match", ["get", "end"], "start", c.halo, c.track] } },
    { id: "route-direct", source: "route", type: "line", filter: ["==", ["get", "direct"], true],
      paint: { "line-color": c.route, "line-width": 3, "line-dasharray": [2, 2] } },
    { id: "route-case", source: "route", type: "line", layout: round, filter: ["==", ["get", "direct"], false], paint: { "line-color": c.routeCase, "line-width": 8 } },
    { id: "route", source: "route", type: "line", layout: round, filter: ["==", ["get", "direct"], false], paint: { "line-color": c.route, "line-width": 4.5 } },
    symbol("case", "cases", { ...icon, "icon-offset": [0, -20] }),
    symbol("vehicle", "vehicles", { ...icon, "icon-rotate": ["get", "course"], "icon-rotation-alignment": "map",
      "icon-size": ["interpolate", ["linear"], ["zoom"], 9, 0.5, 12, 0.8, 15, 1.1],
      "symbol-sort-key": ["get", "order"] }),
    symbol("vehicle-label", "vehicles",
      { "text-field": ["get", "plate"], "text-font": FONT, "text-size": 11, "text-offset": [0, 1.1], "text-anchor": "top" },
      { minzoom: 14.5, paint: ink }),
    symbol("crew", "crews", icon),
    symbol("crew-label", "crews",
      { "text-field": ["get", "label"], "text-font": FONT, "text-size": 11, "text-offset": [0, 1.3], "text-anchor": "top" },
      { minzoom: 12, paint: ink }),
    symbol("alert", "alerts", { ...icon, "icon-size": 0.8, "icon-offset": [0, -16] }),
    symbol("meet", "meet", { ...icon, "icon-image": "meet", "icon-anchor": "bottom", "text-field": ["get", "label"], "text-font": FONT,
      "text-size": 12, "text-offset": [0, 0.3], "text-anchor": "top", "text-optional": true }, { paint: ink }),
    symbol("selection", "selection", { ...icon, "icon-image": "selection" }),
  ] as LayerSpecification[];
}

export function buildStyle(theme: Theme): StyleSpecification {
  const names = [...BASE_SOURCES, "districts_points", "streets_points", ...WORK_SOURCES];
  const empty = { type: "FeatureCollection" as const, features: [] };
  return {
    version: 8,
    sources: Object.fromEntries(names.map((name) => [name, { type: "geojson" as const, data: empty, tolerance: 0.2 }])),
    layers: [...areaLayers(theme), ...roadLayers(theme), ...labelLayers(theme), ...workLayers(theme)],
  };
}

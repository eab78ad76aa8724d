// Map colours by theme; the rest of the interface takes its colours from styles/tokens.css.
import type { Severity, VehicleState } from "@/api/types";
import type { Theme } from "@/stores/preferences";

export interface MapPalette {
  ground: string;
  district: string;
  water: string;
  hill: string;
  green: string;
  border: string;
  grid: string;
  minor: string;
  secondary: string;
  primary: string;
  trunk: string;
  motorway: string;
  label: string;
  halo: string;
  roadLabel: string;
  junction: string;
  poi: string;
  route: string;
  routeCase: string;
  track: string;
  closure: string;
  selection: string;
}

export const MAP_PALETTES: Record<Theme, MapPalette> = {
  dark: {
    ground: "#0e1418",
    district: "#141c22",
    water: "#12303e",
    hill: "#172420",
    green: "#172a22",
    border: "#3a4a55",
    grid: "#25323a",
    minor: "#222d35",
    secondary: "#2b3841",
    primary: "#384853",
    trunk: "#4d5f69",
    motorway: "#5e6f68",
    label: "#9fb0ba",
    halo: "#0e1418",
    roadLabel: "#7d8f9a",
    junction: "#7f93a0",
    poi: "#8aa0ad",
    route: "#4fd0e8",
    routeCase: "#06313a",
    track: "#c7a6ff",
    closure: "#ff6b70",
    selection: "#ffffff",
  },
  light: {
    ground: "#e3e8ea",
    district: "#f3f5f4",
    water: "#c5dde8",
    hill: "#e3eae0",
    green: "#d9e8d6",
    border: "#9fb0b8",
    grid: "#d8dfe2",
    minor: "#e2e6e7",
    secondary: "#d3d9dc",
    primary: "#c2ccd1",
    trunk: "#adbac1",
    motorway: "#98a89f",
    label: "#40525d",
    halo: "#f3f5f4",
    roadLabel: "#5f717b",
    junction: "#5f737f",
    poi: "#526873",
    route: "#0086a3",
    routeCase: "#ffffff",
    track: "#7a3fd0",
    closure: "#b91c2c",
    selection: "#16222a",
  },
};

export const VEHICLE_COLORS: Record<Theme, Record<VehicleState, string>> = {
  dark: { moving: "#54c7a2", stopped: "#9aabb6", offline: "#66767f", alerting: "#ff6b70" },
  light: { moving: "#12805c", stopped: "#5b6d78", offline: "#8b9aa3", alerting: "#c01f30" },
};

export const SEVERITY_COLORS: Record<Theme, Record<Severity, string>> = {
  dark: { notice: "#6fb0ee", warning: "#e6bd4d", serious: "#f2954a", critical: "#ff6b70" },
  light: { notice: "#2b6cb0", warning: "#8f6400", serious: "#b8500b", critical: "#b91c2c" },
};

export const CREW_COLORS: Record<Theme, Record<string, string>> = {
  dark: { free: "#6fb0ee", assigned: "#e6bd4d", on_scene: "#c7a6ff", off_duty: "#66767f" },
  light: { free: "#2460a7", assigned: "#8f6400", on_scene: "#7a3fd0", off_duty: "#8b9aa3" },
};

// The scene's own route, and how its lights are shown.
import { get } from "@/api/client";
import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type IndicatorBoard = Schemas["IndicatorBoard"];
export type Indicator = Schemas["IndicatorRow"];
export type Light = Indicator["light"];

export const indicators = { board: () => get<IndicatorBoard>("/api/scenes/indicators/board") };

/** Tones of the dot; the word beside it says the same. */
export const TONES: Record<Light, "good" | "wait" | "bad" | "quiet"> = {
  green: "good",
  amber: "wait",
  red: "bad",
  no_value: "quiet",
  stale: "quiet",
  no_target: "quiet",
};

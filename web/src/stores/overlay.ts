// What a panel asks the map to draw on top: a proposed route, the track behind an alert, the place to meet.
import { shallowReactive } from "vue";
import type { TrackPoint } from "@/map/features";

export type LonLat = [number, number];

export const overlay = shallowReactive({
  route: [] as LonLat[],
  /** The route is the way a bird would fly, because there is none by road. */
  direct: false,
  track: [] as TrackPoint[],
  meet: null as { at: LonLat; name: string } | null,
});

export function clearRoute(): void {
  overlay.route = [];
  overlay.direct = false;
  overlay.meet = null;
}

export function clearOverlay(): void {
  clearRoute();
  overlay.track = [];
}

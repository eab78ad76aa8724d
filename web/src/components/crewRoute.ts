// Where the crew is to go: the meeting point that the dispatcher named, and how far it is as the crow flies.
import type { CaseDetail } from "@/api/types";
import type { LonLat } from "@/stores/overlay";

const EARTH_RADIUS_M = 6_371_000;

/** The name of the place to meet the vehicle, from the latest dispatch in the timeline. */
export function meetingName(detail: CaseDetail): string | null {
  const step = detail.timeline.filter((entry) => entry.action === "dispatch").at(-1);
  return typeof step?.data.meet === "string" ? step.data.meet : null;
}

/** Great-circle distance (haversine). */
export function metresBetween(a: LonLat, b: LonLat): number {
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const dLat = rad(b[1] - a[1]);
  const dLon = rad(b[0] - a[0]);
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(rad(a[1])) * Math.cos(rad(b[1])) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(h));
}

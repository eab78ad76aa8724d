// The moving vehicles: drawn a few times a second, only those in view, gliding between their reported positions.
import type { Feature } from "geojson";
import type { VehicleState } from "@/api/types";
import { allVehicles, drawnAt, type FleetVehicle } from "@/stores/vehicles";
import type { CityMap } from "./cityMap";
import { collection, point } from "./features";

const FRAME_MS = 120;
/** Drawing takes at most this share of the time, so that a slow machine still answers to clicks. */
const BUSY_SHARE = 0.4;
const RENDER_LIMIT_MS = 1000;
const MARGIN_SHARE = 0.1;
const ORDER: Record<VehicleState, number> = { offline: 0, stopped: 1, moving: 2, alerting: 3 };

export type VehicleFilter = (vehicle: FleetVehicle) => boolean;

/** Draw the fleet until the returned function is called. ``filter`` is asked at each frame. */
export function drawFleet(city: CityMap, filter: () => VehicleFilter): () => void {
  let frame = 0;
  let nextMs = 0;
  let busy = false;

  function features(nowMs: number): Feature[] {
    const view = city.map.getBounds();
    const dLon = (view.getEast() - view.getWest()) * MARGIN_SHARE;
    const dLat = (view.getNorth() - view.getSouth()) * MARGIN_SHARE;
    const west = view.getWest() - dLon;
    const east = view.getEast() + dLon;
    const south = view.getSouth() - dLat;
    const north = view.getNorth() + dLat;
    const wanted = filter();
    const out: Feature[] = [];
    for (const vehicle of allVehicles()) {
      const { lon, lat } = vehicle;
      if (lon < west || lon > east || lat < south || lat > north || !wanted(vehicle)) continue;
      const [x, y] = drawnAt(vehicle, nowMs);
      const turns = vehicle.state === "moving" || vehicle.state === "alerting";
      out.push(
        point(x, y, {
          id: vehicle.vehicle_id,
          kind: "vehicle",
          icon: `vehicle-${vehicle.state}`,
          course: turns ? vehicle.course_deg : 0,
          plate: vehicle.plate,
          order: ORDER[vehicle.state],
        }),
      );
    }
    return out;
  }

  function step(nowMs: number): void {
    frame = requestAnimationFrame(step);
    if (!busy && nowMs >= nextMs && !document.hidden) void draw(nowMs);
  }

  async function draw(nowMs: number): Promise<void> {
    busy = true;
    await city.setData("vehicles", collection(features(nowMs)));
    await Promise.race([city.map.once("render"), new Promise((resolve) => window.setTimeout(resolve, RENDER_LIMIT_MS))]);
    busy = false;
    const tookMs = performance.now() - nowMs;
    nextMs = nowMs + Math.max(FRAME_MS, tookMs / BUSY_SHARE);
  }

  frame = requestAnimationFrame(step);
  return () => cancelAnimationFrame(frame);
}

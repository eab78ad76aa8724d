// The moving vehicles: drawn a few times a second, only those in view, gliding between their reported positions.
import type { Feature } from "geojson";
import type { VehicleState } from "@/api/types";
import { allVehicles, drawnAt, type FleetVehicle } from "@/stores/vehicles";
import type { CityMap } from "./cityMap";
import { collection, point } from "./features";

const FRAME_MS = 120;
const MARGIN_SHARE = 0.1;
const ORDER: Record<VehicleState, number> = { offline: 0, stopped: 1, moving: 2, alerting: 3 };

export type VehicleFilter = (vehicle: FleetVehicle) => boolean;

/** Draw the fleet until the returned function is called. ``filter`` is asked at each frame. */
export function drawFleet(city: CityMap, filter: () => VehicleFilter): () => void {
  let frame = 0;
  let drawnMs = 0;
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
    if (busy || nowMs - drawnMs < FRAME_MS || document.hidden) return;
    drawnMs = nowMs;
    busy = true;
    city.setData("vehicles", collection(features(nowMs)));
    city.map.once("render", () => (busy = false));
    window.setTimeout(() => (busy = false), 1000);
  }

  frame = requestAnimationFrame(step);
  return () => cancelAnimationFrame(frame);
}

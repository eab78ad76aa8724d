// Every vehicle this person may see: one snapshot, then the positions of the live stream. Not reactive row by row
// (thousands move at once): readers follow ``fleet.version`` or ask for the rows when they draw.
import { reactive } from "vue";
import { calls } from "@/api/calls";
import { can } from "./session";
import type { Problem, VehicleLive, VehicleState } from "@/api/types";
import { problemFrom } from "@/composables/useLoad";
import { onChange, onGone, onPositions, type PositionRow } from "./live";

export interface FleetVehicle extends VehicleLive {
  /** Where it was drawn when its latest position came in, and when that was; drawing glides from there. */
  fromLon: number;
  fromLat: number;
  heardMs: number;
}

const CODES: readonly VehicleState[] = ["moving", "stopped", "offline", "alerting"];
const SNAPSHOT_PAUSE_MS = 3_000;
const PUBLISH_EVERY_MS = 1_000;
const GLIDE_MS = 900;
/** Further than this in one step is a correction, not a drive: no gliding across the city (about 2 km). */
const GLIDE_LIMIT_DEG = 0.02;

const vehicles = new Map<number, FleetVehicle>();
const deviceOf = new Map<string, number>();
export const fleet = reactive({
  version: 0,
  total: 0,
  counts: { moving: 0, stopped: 0, offline: 0, alerting: 0 } as Record<VehicleState, number>,
  problem: null as Problem | null,
});

let stops: (() => void)[] = [];
let snapshotTimer: number | undefined;
let publishTimer: number | undefined;
let changed = false;
let running = 0;
/** What left while a snapshot was on its way: the snapshot may still hold it. */
const leftMeanwhile = new Set<number>();

export function allVehicles(): IterableIterator<FleetVehicle> {
  return vehicles.values();
}

export function vehicleById(id: string): FleetVehicle | undefined {
  const device = deviceOf.get(id);
  return device === undefined ? undefined : vehicles.get(device);
}

/** Where to draw it now, between the previous and the latest position. */
export function drawnAt(vehicle: FleetVehicle, atMs: number): [number, number] {
  const share = Math.min(1, Math.max(0, (atMs - vehicle.heardMs) / GLIDE_MS));
  return [
    vehicle.fromLon + (vehicle.lon - vehicle.fromLon) * share,
    vehicle.fromLat + (vehicle.lat - vehicle.fromLat) * share,
  ];
}

function publish(): void {
  if (!changed) return;
  changed = false;
  const counts = { moving: 0, stopped: 0, offline: 0, alerting: 0 };
  for (const vehicle of vehicles.values()) counts[vehicle.state] += 1;
  fleet.counts = counts;
  fleet.total = vehicles.size;
  fleet.version += 1;
}

async function snapshot(): Promise<void> {
  if (!can("map.read")) return;
  const mine = running;
  leftMeanwhile.clear();
  try {
    const { items } = await calls.vehiclesLive();
    if (mine !== running) return;
    const seen = new Set<number>();
    for (const item of items) {
      if (leftMeanwhile.has(item.device)) continue;
      seen.add(item.device);
      deviceOf.set(item.vehicle_id, item.device);
      const known = vehicles.get(item.device);
      const newer = known !== undefined && new Date(known.at) > new Date(item.at);
      const where = newer ? { lon: known.lon, lat: known.lat, at: known.at, state: known.state } : {};
      vehicles.set(item.device, { ...item, ...where, fromLon: item.lon, fromLat: item.lat, heardMs: 0 });
    }
    for (const device of vehicles.keys()) if (!seen.has(device)) vehicles.delete(device);
    for (const [id, device] of deviceOf) if (!seen.has(device)) deviceOf.delete(id);
    fleet.problem = null;
    changed = true;
    publish();
  } catch (error) {
    fleet.problem = problemFrom(error);
  }
}

function askSnapshot(): void {
  snapshotTimer ??= window.setTimeout(() => {
    snapshotTimer = undefined;
    void snapshot();
  }, SNAPSHOT_PAUSE_MS);
}

function take(rows: PositionRow[]): void {
  const nowMs = performance.now();
  for (const [device, lon, lat, speed, course, eventMs, code] of rows) {
    const vehicle = vehicles.get(device);
    if (vehicle === undefined) {
      askSnapshot();
      continue;
    }
    const near = Math.abs(lon - vehicle.lon) + Math.abs(lat - vehicle.lat) < GLIDE_LIMIT_DEG;
    const [fromLon, fromLat] = near ? drawnAt(vehicle, nowMs) : [lon, lat];
    Object.assign(vehicle, {
      lon,
      lat,
      fromLon,
      fromLat,
      heardMs: nowMs,
      speed_kmh: speed,
      course_deg: course,
      at: new Date(eventMs).toISOString(),
      state: CODES[code] ?? "offline",
    });
  }
  changed = true;
}

/** What has left this person's view is forgotten at once. */
function drop(devices: readonly number[]): void {
  for (const device of devices) {
    leftMeanwhile.add(device);
    const vehicle = vehicles.get(device);
    if (vehicle === undefined) continue;
    vehicles.delete(device);
    deviceOf.delete(vehicle.vehicle_id);
    changed = true;
  }
}

export function startVehicles(): void {
  running += 1;
  stops = [onPositions(take), onGone(drop), onChange((change) => change.topic === "resync" && askSnapshot())];
  publishTimer = window.setInterval(publish, PUBLISH_EVERY_MS);
  void snapshot();
}

export function stopVehicles(): void {
  running += 1;
  for (const stop of stops) stop();
  stops = [];
  window.clearInterval(publishTimer);
  window.clearTimeout(snapshotTimer);
  snapshotTimer = undefined;
  vehicles.clear();
  deviceOf.clear();
  changed = true;
  publish();
}

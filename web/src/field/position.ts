// Where the phone is, while the app is on screen; kept nowhere but in what the person sends and in a time on duty.
import { ref, shallowRef } from "vue";

export interface Here {
  lon: number;
  lat: number;
  accuracyM: number;
  atMs: number;
}
export type Finding = "off" | "waiting" | "on" | "denied" | "unavailable";

export const here = shallowRef<Here | null>(null);
export const finding = ref<Finding>("off");
let watchId: number | null = null;

export function findPosition(): void {
  if (watchId !== null) navigator.geolocation.clearWatch(watchId);
  if (!("geolocation" in navigator)) {
    finding.value = "unavailable";
    return;
  }
  finding.value = "waiting";
  watchId = navigator.geolocation.watchPosition(
    ({ coords, timestamp }) => {
      finding.value = "on";
      here.value = { lon: coords.longitude, lat: coords.latitude, accuracyM: coords.accuracy, atMs: timestamp };
    },
    (failure) => (finding.value = failure.code === failure.PERMISSION_DENIED ? "denied" : "unavailable"),
    { enableHighAccuracy: true, maximumAge: 10_000, timeout: 30_000 },
  );
}

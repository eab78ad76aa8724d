// Shares the phone's position while its crew is on shift and the page is open; each failure is shown, none is retried unasked.
import { onBeforeUnmount, ref, shallowRef, watch } from "vue";
import { calls } from "@/api/calls";
import type { Problem } from "@/api/types";
import { problemFrom } from "./useLoad";

const SEND_EVERY_MS = 5_000;
export type Sharing = "off" | "waiting" | "on" | "denied" | "unavailable";

export function usePositionSharing(crewId: () => string | null, wanted: () => boolean) {
  const state = ref<Sharing>("off");
  const sentMs = ref<number | null>(null);
  const problem = shallowRef<Problem | null>(null);
  const here = shallowRef<[number, number] | null>(null);
  let watchId: number | null = null;
  let lastMs = 0;
  let sending = false;

  async function send(position: GeolocationPosition): Promise<void> {
    const id = crewId();
    here.value = [position.coords.longitude, position.coords.latitude];
    if (id === null || sending || Date.now() - lastMs < SEND_EVERY_MS) return;
    sending = true;
    lastMs = Date.now();
    try {
      await calls.crewPosition(id, { lon: position.coords.longitude, lat: position.coords.latitude, coordinate_system: "wgs84" });
      sentMs.value = Date.now();
      problem.value = null;
      state.value = "on";
    } catch (error) {
      problem.value = problemFrom(error);
    } finally {
      sending = false;
    }
  }

  function stop(): void {
    if (watchId !== null) navigator.geolocation.clearWatch(watchId);
    watchId = null;
    state.value = "off";
  }

  function start(): void {
    if (watchId !== null) return;
    if (!("geolocation" in navigator)) {
      state.value = "unavailable";
      return;
    }
    state.value = "waiting";
    watchId = navigator.geolocation.watchPosition(
      (position) => void send(position),
      (failure) => (state.value = failure.code === failure.PERMISSION_DENIED ? "denied" : "unavailable"),
      { enableHighAccuracy: true, maximumAge: 5_000, timeout: 20_000 },
    );
  }

  /** Ask the phone once more, after the person has allowed it. */
  function again(): void {
    stop();
    if (wanted()) start();
  }

  watch(wanted, (on) => (on ? start() : stop()), { immediate: true });
  onBeforeUnmount(stop);
  return { state, sentMs, problem, here, again };
}

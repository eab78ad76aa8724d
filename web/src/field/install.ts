// The service worker and its newer version: it takes over when the person says so, never under their fingers.
import { shallowRef } from "vue";

export const updateReady = shallowRef<ServiceWorker | null>(null);

function noteWaiting(registration: ServiceWorkerRegistration): void {
  if (registration.waiting !== null && navigator.serviceWorker.controller !== null) updateReady.value = registration.waiting;
}

export async function installWorker(): Promise<void> {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  try {
    const registration = await navigator.serviceWorker.register("/field-sw.js", { scope: "/field" });
    noteWaiting(registration);
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", () => noteWaiting(registration));
    });
    await navigator.storage?.persist?.();
  } catch (error) {
    // Without a network the worker that is here goes on; a newer one is looked for next time.
    if (!(error instanceof TypeError) && !(error instanceof DOMException)) throw error;
  }
}

export const isControlled = (): boolean => !("serviceWorker" in navigator) || navigator.serviceWorker.controller !== null;

/** Resolves when the service worker answers for this page. */
export function controlled(): Promise<void> {
  if (isControlled()) return Promise.resolve();
  return new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true }));
}

export function applyUpdate(): void {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  updateReady.value?.postMessage("take-over");
}

// The service worker of /field: the shell and the city's map without a network. VERSION and FILES are put in by the build.
// It never keeps an answer about a person or a case; those are in IndexedDB, by person.
const SHELL = `cityops-field-${VERSION}`;
const MAP = "cityops-field-map";
const PAGE = "/field";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(FILES)));
});

self.addEventListener("activate", (event) => {
  const clean = async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith("cityops-field-") && name !== SHELL && name !== MAP);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

self.addEventListener("message", (event) => {
  if (event.data === "take-over") self.skipWaiting();
});

async function fromShell(request) {
  return (await caches.match(request, { cacheName: SHELL })) ?? fetch(request);
}

async function fromNetworkThenMap(request) {
  const cache = await caches.open(MAP);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(request);
    if (kept === undefined) throw error;
    return kept;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (url.pathname === PAGE || url.pathname.startsWith(`${PAGE}/`)) event.respondWith(fromShell(PAGE));
  } else if (url.pathname === "/api/map" || url.pathname.startsWith("/api/map/layers/")) {
    event.respondWith(fromNetworkThenMap(request));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(fromShell(request));
  }
});

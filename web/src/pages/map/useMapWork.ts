// Puts alerts, cases, crews, closures and the selection on the map, and turns clicks into selections.
import { computed, type Ref, watch } from "vue";
import type { Map as MapLibre, MapMouseEvent } from "maplibre-gl";
import { alertFeatures, boundsOf, caseFeatures, closureFeatures, collection, crewFeatures, point } from "@/map/features";
import type { CityMap } from "@/map/cityMap";
import { alerts, cases, closures, crews } from "@/stores/city";
import { fleet, vehicleById } from "@/stores/vehicles";
import type { MapFilters, Selection, SelectionKind } from "./useMapFilters";

const CLICKABLE = ["alert", "crew", "case", "vehicle", "closure-dash"];
const FINGER_PX = 7;

/** Where the selected thing is now, if it has a place. */
export function placeOf(selection: Selection | null): [number, number] | null {
  if (selection === null) return null;
  const { kind, id } = selection;
  if (kind === "vehicle") {
    const vehicle = vehicleById(id);
    return vehicle ? [vehicle.lon, vehicle.lat] : null;
  }
  if (kind === "crew") {
    const crew = crews.value.find((entry) => entry.crew_id === id);
    return crew && crew.lon !== null && crew.lat !== null ? [crew.lon, crew.lat] : null;
  }
  if (kind === "closure") {
    const bounds = boundsOf((closures.value.find((entry) => entry.closure_id === id)?.line ?? []) as [number, number][]);
    return bounds === null ? null : [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2];
  }
  const place = kind === "alert" ? alerts.value.find((a) => a.alert_id === id)?.place : cases.value.find((c) => c.case_id === id)?.place;
  return place ? [place.lon, place.lat] : null;
}

export function useMapWork(city: Ref<CityMap | null>, ready: Ref<boolean>, filters: MapFilters) {
  const shownAlerts = computed(() => alerts.value.filter(filters.wantsWork));
  const shownCases = computed(() => cases.value.filter(filters.wantsWork));

  watch([ready, shownAlerts], () => ready.value && city.value?.setData("alerts", alertFeatures(shownAlerts.value)));
  watch([ready, shownCases], () => ready.value && city.value?.setData("cases", caseFeatures(shownCases.value)));
  watch([ready, crews], () => ready.value && city.value?.setData("crews", crewFeatures(crews.value)));
  watch([ready, closures], () => ready.value && city.value?.setData("closures", closureFeatures(closures.value)));
  watch([ready, () => filters.groups.map(filters.shown)], () => {
    if (ready.value) for (const group of filters.groups) city.value?.show(group, filters.shown(group));
  });
  watch([ready, filters.selection, () => fleet.version, alerts, cases, crews, closures], () => {
    const at = placeOf(filters.selection.value);
    if (ready.value) city.value?.setData("selection", collection(at ? [point(at[0], at[1], {})] : []));
  });

  function hit(map: MapLibre, event: MapMouseEvent): Selection | null {
    const { x, y } = event.point;
    const found = map.queryRenderedFeatures([[x - FINGER_PX, y - FINGER_PX], [x + FINGER_PX, y + FINGER_PX]], {
      layers: CLICKABLE.filter((layer) => map.getLayer(layer) !== undefined),
    });
    const best = CLICKABLE.flatMap((layer) => found.filter((feature) => feature.layer.id === layer))[0];
    const kind = best?.properties.kind as SelectionKind | undefined;
    return kind === undefined ? null : { kind, id: String(best?.properties.id) };
  }

  /** ``pick`` gets each click and what stands there. */
  function listen(map: MapLibre, pick: (selection: Selection | null, event: MapMouseEvent) => void): void {
    map.on("click", (event) => pick(hit(map, event), event));
    for (const layer of CLICKABLE) {
      map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
      map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
    }
  }

  return { shownAlerts, shownCases, listen };
}

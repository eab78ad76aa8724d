// Where the map looks. It moves only when a person chose something from a list or asked for it, never by itself.
import type { Ref } from "vue";
import type { CityMap } from "@/map/cityMap";
import { boundsOf } from "@/map/features";
import { overlay } from "@/stores/overlay";
import type { MapFilters, Selection } from "./useMapFilters";
import { placeOf } from "./useMapWork";

const PHONE_PX = 760;
const PANEL_PX = 400;
const FILTERS_PX = 260;
const EDGE_PX = 60;
/** The middle of what the bottom sheet of a phone leaves free, as a share of the map's height. */
const SHEET_SHARE = 0.28;

export function useMapView(city: Ref<CityMap | null>, box: Ref<HTMLElement | null>, filters: MapFilters, filtersOpen: Ref<boolean>) {
  const phone = (): boolean => window.innerWidth <= PHONE_PX;

  /** From the middle of the map to the middle of what the panels leave free, in pixels. */
  function clearance(): [number, number] {
    if (phone()) return [0, -SHEET_SHARE * (box.value?.clientHeight ?? 0)];
    return [((filtersOpen.value ? FILTERS_PX : 0) - PANEL_PX) / 2, 0];
  }

  function showSelected(made: CityMap): void {
    const at = placeOf(filters.selection.value);
    if (at !== null) made.flyTo(at, 13, clearance());
  }

  /** Chosen from a list, not on the map: the view moves only when the place is out of sight. */
  function goTo(selection: Selection): void {
    filters.selection.value = selection;
    const at = placeOf(selection);
    if (at !== null && city.value !== null && !city.value.map.getBounds().contains(at)) city.value.flyTo(at, 12, clearance());
  }

  /** The whole proposed route, or else what is selected. */
  function focus(): void {
    const route = boundsOf(overlay.route);
    if (route !== null && !phone()) {
      const left = EDGE_PX + (filtersOpen.value ? FILTERS_PX : 0);
      city.value?.fit(route, { top: EDGE_PX, bottom: EDGE_PX, left, right: EDGE_PX + PANEL_PX });
    } else if (city.value !== null) showSelected(city.value);
  }

  return { showSelected, goTo, focus };
}

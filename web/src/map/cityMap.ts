// One MapLibre map with the city's layers. Its worker is bundled with the interface: nothing is fetched from elsewhere.
import type { FeatureCollection } from "geojson";
import { type GeoJSONSource, Map as MapLibre, MapMouseEvent, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import "maplibre-gl/dist/maplibre-gl.css";
import { calls } from "@/api/calls";
import type { MapBase } from "@/api/types";
import { i18n } from "@/i18n";
import type { Theme } from "@/stores/preferences";
import { labelPoints } from "./labelPoints";
import { BASE_SOURCES, buildStyle, LAYER_GROUPS, type LayerGroup, type WORK_SOURCES } from "./style";
import { placeSymbols } from "./symbols";

export type WorkSource = (typeof WORK_SOURCES)[number];
type BaseSource = (typeof BASE_SOURCES)[number];
export type Bounds = [number, number, number, number];

setWorkerUrl(workerUrl);

const MINOR_FROM_ZOOM = 11.8;
/** In a box smaller than this (one that is just unfolding) there is nothing to fit into. */
const MIN_FIT_PX = 120;
const layerCache = new Map<string, Promise<FeatureCollection>>();
let baseCache: Promise<MapBase> | null = null;

function remember<T>(promise: Promise<T>, forget: () => void): Promise<T> {
  promise.catch(forget);
  return promise;
}

export function mapBase(): Promise<MapBase> {
  baseCache ??= remember(calls.mapBase(), () => (baseCache = null));
  return baseCache;
}

function layerData(name: string): Promise<FeatureCollection> {
  const cached = layerCache.get(name) ?? remember(calls.mapLayer(name), () => layerCache.delete(name));
  layerCache.set(name, cached);
  return cached;
}

export interface CityMapOptions {
  container: HTMLElement;
  base: MapBase;
  theme: Theme;
  bounds?: Bounds;
  controls: boolean;
  onProblem: (error: unknown) => void;
}

export class CityMap {
  readonly map: MapLibre;
  private readonly wanted = new Set<BaseSource>();
  private readonly available: ReadonlySet<string>;
  private readonly onProblem: (error: unknown) => void;
  private theme: Theme;
  private gone = false;

  constructor(options: CityMapOptions) {
    this.theme = options.theme;
    this.onProblem = options.onProblem;
    this.available = new Set(options.base.layers);
    const { t } = i18n.global;
    this.map = new MapLibre({
      container: options.container,
      style: buildStyle(options.theme),
      attributionControl: false,
      locale: { "Map.Title": t("map.label"), "NavigationControl.ZoomIn": t("map.zoom_in"), "NavigationControl.ZoomOut": t("map.zoom_out") },
      dragRotate: false,
      pitchWithRotate: false,
      maxPitch: 0,
      minZoom: 7,
      maxZoom: 18,
      fadeDuration: 0,
      ...(options.bounds ? { bounds: options.bounds, fitBoundsOptions: { padding: 40, maxZoom: 15 } } : { center: options.base.center as [number, number], zoom: 10.6 }),
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.getCanvas().addEventListener("keydown", (event) => this.press(event));
    placeSymbols(this.map, options.theme);
    if (options.controls) {
      this.map.addControl(new NavigationControl({ showCompass: false }), "bottom-right");
      this.map.addControl(new ScaleControl({ unit: "metric" }), "bottom-right");
    }
  }

  /** By keyboard the arrows move the map, and Enter is a click on its middle, where a cross stands. */
  private press(event: KeyboardEvent): void {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const { left, top, width, height } = this.map.getCanvas().getBoundingClientRect();
    this.map.fire(new MapMouseEvent("click", this.map, new MouseEvent("click", { clientX: left + width / 2, clientY: top + height / 2 })));
  }

  /** Resolves when layers can take data. */
  async start(): Promise<void> {
    if (!this.map.isStyleLoaded()) await this.map.once("load");
    for (const name of ["districts", "landscape", "roads_major", "junctions", "pois"] as const) this.want(name);
    const needMinor = () => this.map.getZoom() >= MINOR_FROM_ZOOM && this.want("roads_minor");
    this.map.on("zoomend", needMinor);
    needMinor();
  }

  /** Load one base layer, once. */
  want(name: BaseSource): void {
    if (this.wanted.has(name) || !this.available.has(name)) return;
    this.wanted.add(name);
    layerData(name).then(
      (data) => {
        void this.source(name)?.setData(data);
        if (name === "districts" || name === "streets") void this.source(`${name}_points`)?.setData(labelPoints(data));
      },
      (error: unknown) => {
        this.wanted.delete(name);
        this.onProblem(error);
      },
    );
  }

  private source(name: string): GeoJSONSource | undefined {
    return this.gone ? undefined : this.map.getSource<GeoJSONSource>(name);
  }

  /** Resolves when the map's worker has taken the data. */
  async setData(name: WorkSource, data: FeatureCollection): Promise<void> {
    await this.source(name)?.setData(data);
  }

  show(group: LayerGroup, visible: boolean): void {
    if (this.gone) return;
    for (const layer of LAYER_GROUPS[group]) this.map.setLayoutProperty(layer, "visibility", visible ? "visible" : "none");
    if (visible && group !== "roads" && (BASE_SOURCES as readonly string[]).includes(group)) this.want(group as BaseSource);
  }

  setTheme(theme: Theme): void {
    if (theme === this.theme || this.gone) return;
    this.theme = theme;
    placeSymbols(this.map, theme);
    for (const layer of buildStyle(theme).layers) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) {
        this.map.setPaintProperty(layer.id, name as never, value as never);
      }
    }
  }

  /** Whether the map was moved. */
  fit(bounds: Bounds, padding: number | { top: number; bottom: number; left: number; right: number }, duration = 600): boolean {
    const { clientWidth, clientHeight } = this.map.getContainer();
    const fits = !this.gone && Math.min(clientWidth, clientHeight) > MIN_FIT_PX;
    if (fits) this.map.fitBounds(bounds, { padding, maxZoom: 15, duration });
    return fits;
  }

  /** Bring a place into the middle of what the panels leave free. */
  flyTo(at: [number, number], zoom = 14, offset: [number, number] = [0, 0]): void {
    if (!this.gone) this.map.easeTo({ center: at, zoom: Math.max(this.map.getZoom(), zoom), offset, duration: 600 });
  }

  destroy(): void {
    this.gone = true;
    this.map.remove();
  }
}

// Layers of registers on the city's map: those that say they are layers, each shown when somebody asks for it.
import type { GeoJSONSource, Map as MapLibre, MapMouseEvent } from "maplibre-gl";
import { computed, onMounted, type Ref, shallowRef, watch } from "vue";
import type { Problem } from "@/api/types";
import { useAddress } from "@/composables/useAddress";
import { problemFrom } from "@/composables/useLoad";
import type { CityMap } from "@/map/cityMap";
import { collection } from "@/map/features";
import { addObjectLayers, OBJECT_LAYERS } from "@/map/objectLayer";
import { type RegisterCard, registers } from "@/pages/registers/calls";
import { can } from "@/stores/session";

const FINGER_PX = 5;
const source = (name: string): string => `register-${name}`;

export function useMapRegisters(city: Ref<CityMap | null>, ready: Ref<boolean>) {
  const { read, set } = useAddress();
  const available = shallowRef<readonly RegisterCard[]>([]);
  const problem = shallowRef<Problem | null>(null);
  const chosen = computed(() => available.value.filter((one) => read("registers").split(",").includes(one.name)));
  const drawn = new Set<string>();

  function toggle(name: string): void {
    const names = chosen.value.map((one) => one.name);
    set({ registers: (names.includes(name) ? names.filter((one) => one !== name) : [...names, name]).join(",") });
  }

  async function draw(map: MapLibre): Promise<void> {
    const wanted = new Set(chosen.value.map((one) => one.name));
    for (const name of drawn) if (!wanted.has(name)) void map.getSource<GeoJSONSource>(source(name))?.setData(collection([]));
    const missing = [...wanted].filter((name) => !drawn.has(name));
    drawn.clear();
    for (const name of wanted) drawn.add(name);
    for (const name of missing) {
      if (map.getSource(source(name)) === undefined) addObjectLayers(map, source(name), "closure-dash");
      const features = await registers.layer(name);
      if (drawn.has(name)) void map.getSource<GeoJSONSource>(source(name))?.setData(features);
    }
  }

  async function guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      problem.value = null;
    } catch (error) {
      problem.value = problemFrom(error);
    }
  }

  onMounted(() =>
    guarded(async () => {
      if (can("registers.read")) available.value = (await registers.list()).items.filter((one) => one.layer);
    }),
  );
  watch([ready, chosen], () => {
    const map = city.value?.map;
    if (ready.value && map !== undefined) void guarded(() => draw(map));
  });

  /** The object under a click: its register and its id. */
  function objectAt(event: MapMouseEvent): { register: string; id: string } | null {
    const layers = [...drawn].flatMap((name) => OBJECT_LAYERS.map((part) => `${source(name)}-${part}`));
    const { x, y } = event.point;
    const found = city.value?.map.queryRenderedFeatures([[x - FINGER_PX, y - FINGER_PX], [x + FINGER_PX, y + FINGER_PX]], { layers })[0];
    const register = [...drawn].find((name) => found?.source === source(name));
    return found === undefined || register === undefined ? null : { register, id: String(found.properties["object_id"]) };
  }

  return { available, chosen, toggle, objectAt, problem };
}

export type MapRegisters = ReturnType<typeof useMapRegisters>;

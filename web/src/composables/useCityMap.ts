import { onBeforeUnmount, onMounted, ref, type Ref, shallowRef, watch } from "vue";
import type { Problem } from "@/api/types";
import { type Bounds, CityMap, mapBase } from "@/map/cityMap";
import { collection, line, point, trackFeatures } from "@/map/features";
import { overlay } from "@/stores/overlay";
import { theme } from "@/stores/preferences";
import { problemFrom } from "./useLoad";

/** A city map in ``container`` for as long as the component lives; ``started`` runs when it can take data. Until then it is busy. */
export function useCityMap(
  container: Ref<HTMLElement | null>,
  options: { controls: boolean; bounds?: Bounds; started?: (city: CityMap) => void },
) {
  const city = shallowRef<CityMap | null>(null);
  const problem = shallowRef<Problem | null>(null);
  const ready = ref(false);
  let gone = false;
  const onProblem = (error: unknown) => (problem.value = problemFrom(error));

  async function start(): Promise<void> {
    container.value?.setAttribute("aria-busy", "true");
    try {
      const base = await mapBase();
      if (gone || container.value === null) return;
      const made = new CityMap({ container: container.value, base, theme: theme.value, bounds: options.bounds, controls: options.controls, onProblem });
      city.value = made;
      await made.start();
      if (gone) return;
      ready.value = true;
      problem.value = null;
      options.started?.(made);
    } catch (error) {
      onProblem(error);
    } finally {
      container.value?.setAttribute("aria-busy", "false");
    }
  }

  onMounted(start);
  onBeforeUnmount(() => {
    gone = true;
    city.value?.destroy();
  });
  watch(theme, (next) => city.value?.setTheme(next));
  watch([ready, () => overlay.route, () => overlay.direct, () => overlay.track, () => overlay.meet], () => {
    if (!ready.value) return;
    const { route, track, meet } = overlay;
    city.value?.setData("route", collection(route.length > 1 ? [line(route, { direct: overlay.direct })] : []));
    city.value?.setData("track", trackFeatures(track));
    city.value?.setData("meet", collection(meet ? [point(meet.at[0], meet.at[1], { label: meet.name })] : []));
  });

  return { city, ready, problem, start };
}

// What a person has typed and not published: only values that say something else than the product brings.
import { computed, ref, type Ref } from "vue";
import type { Overlay, Values } from "./calls";

export function useDraft(overlay: Ref<Overlay | null>) {
  const typed = ref<Values>({});

  const inForce = computed(() => new Map((overlay.value?.leaves ?? []).map((leaf) => [leaf.path, leaf.value])));
  const changed = computed(() => Object.keys(typed.value).filter((path) => typed.value[path] !== inForce.value.get(path)));
  /** The city's values as they would be published: those in force, with what was typed. */
  const values = computed<Values>(() => {
    const found: Values = {};
    for (const leaf of overlay.value?.leaves ?? []) {
      const value = typed.value[leaf.path] ?? leaf.value;
      if (value !== leaf.built_in) found[leaf.path] = value;
    }
    return found;
  });

  function set(path: string, value: string): void {
    const others = Object.entries(typed.value).filter(([name]) => name !== path);
    typed.value = Object.fromEntries(value === inForce.value.get(path) ? others : [...others, [path, value]]);
  }
  function clear(): void {
    typed.value = {};
  }
  /** Take the values of a sheet over; what it does not name is as built in. */
  function take(read: Values): void {
    clear();
    for (const leaf of overlay.value?.leaves ?? []) set(leaf.path, read[leaf.path] ?? leaf.built_in);
  }
  return { typed, changed, values, set, clear, take };
}

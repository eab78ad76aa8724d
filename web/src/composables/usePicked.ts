import { computed, ref, watch } from "vue";

/** The most cases one bulk step is offered for. */
export const PICK_LIMIT = 100;

/** Which of the rows on screen are chosen; what leaves the screen is no longer chosen. */
export function usePicked<Row>(rows: () => readonly Row[], key: (row: Row) => string) {
  const keys = ref<ReadonlySet<string>>(new Set());
  const picked = computed(() => rows().filter((row) => keys.value.has(key(row))));
  const all = computed(() => rows().length > 0 && picked.value.length === Math.min(rows().length, PICK_LIMIT));

  function set(next: Iterable<string>): void {
    keys.value = new Set([...next].slice(0, PICK_LIMIT));
  }
  function toggle(row: Row): void {
    const next = new Set(keys.value);
    if (!next.delete(key(row))) next.add(key(row));
    set(next);
  }
  const toggleAll = (): void => set(all.value ? [] : rows().map(key));

  watch(rows, (now) => {
    const here = new Set(now.map(key));
    if ([...keys.value].some((one) => !here.has(one))) set([...keys.value].filter((one) => here.has(one)));
  });
  return { keys, picked, all, set, toggle, toggleAll };
}

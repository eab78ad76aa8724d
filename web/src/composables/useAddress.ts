// Filters live in the address bar: a view can be sent to a colleague, and Back works.
import { computed, type WritableComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";

export function useAddress() {
  const route = useRoute();
  const router = useRouter();
  let waiting: Record<string, string | undefined> | null = null;

  /** Changes asked for in the same turn go into one new address; an empty value leaves it. */
  function set(changes: Record<string, string | undefined>): void {
    if (waiting === null) {
      waiting = {};
      queueMicrotask(() => {
        const query = { ...route.query, ...waiting };
        waiting = null;
        const kept = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== ""));
        void router.replace({ query: kept, hash: route.hash });
      });
    }
    Object.assign(waiting, changes);
  }

  function read(name: string): string {
    const value = route.query[name];
    return typeof value === "string" ? value : "";
  }

  /** One value of the address; changing it goes back to the first page of a list. */
  function field(name: string): WritableComputedRef<string> {
    return computed({ get: () => read(name), set: (value) => set({ [name]: value, page: undefined }) });
  }

  const page = computed({
    get: () => Math.max(1, Number(read("page")) || 1),
    set: (value) => set({ page: value > 1 ? String(value) : undefined }),
  });

  return { set, read, field, page };
}

// The inspection plans, read once for the page: their names, and the plan that the address names (scene/plan).
import { computed, type Ref } from "vue";
import { calls } from "@/api/calls";
import { useLoad } from "@/composables/useLoad";
import { say } from "@/i18n";

export function usePlans(chosen?: Ref<string>) {
  const { data, load } = useLoad(calls.inspectionPlans);
  const plans = computed(() => data.value?.items ?? []);
  const keyOf = (one: { scene: string; plan: string }): string => `${one.scene}/${one.plan}`;
  const options = computed(() => plans.value.map((one) => ({ value: keyOf(one), label: `${say(one.register_title)} · ${say(one.title)}`, plan: one })));
  const titleOf = (one: { scene: string; plan: string }): string => {
    const found = plans.value.find((plan) => keyOf(plan) === keyOf(one));
    return found ? say(found.title) : one.plan;
  };
  const plan = computed(() => plans.value.find((one) => keyOf(one) === chosen?.value) ?? null);
  /** What narrows a list to the chosen plan. */
  const query = computed(() => {
    const [scene, name] = (chosen?.value ?? "").split("/");
    return { scene: scene || undefined, plan: name || undefined };
  });
  return { plans, options, titleOf, plan, query, load };
}

export const objectPath = (register: string, id: string): string => `/registers/${encodeURIComponent(register)}/${encodeURIComponent(id)}`;

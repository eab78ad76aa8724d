// What other rooms show on an object's page, each given its `objectId`.
import { type Component, defineAsyncComponent } from "vue";

export const entryPanels: readonly Component[] = [
  defineAsyncComponent(() => import("@/components/ObjectInspections.vue")),
  defineAsyncComponent(() => import("@/components/ObjectDrills.vue")),
];

// What other rooms show on an object's page, each given its `objectId`.
import type { Component } from "vue";

export const entryPanels: readonly Component[] = [];

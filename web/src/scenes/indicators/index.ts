import type { ScenePage } from "@/scenes/registry";

export const pages: readonly ScenePage[] = [
  {
    name: "indicators",
    path: "/indicators",
    component: () => import("./IndicatorsPage.vue"),
    icon: "chart",
    title: "indicators.nav",
    roles: ["administrator", "acceptor", "dispatcher", "shift_leader", "unit", "district", "analyst", "auditor"],
  },
];

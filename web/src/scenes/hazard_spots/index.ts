import type { ScenePage } from "@/scenes/registry";

export const pages: readonly ScenePage[] = [
  {
    name: "hazard-spots",
    path: "/hazard-spots",
    component: () => import("./SpotsPage.vue"),
    icon: "pin",
    title: "hazard_spots.nav",
    roles: ["administrator", "acceptor", "dispatcher", "shift_leader", "district", "analyst", "auditor", "unit", "handler"],
  },
  { name: "hazard-spot", path: "/hazard-spots/:id", component: () => import("./SpotPage.vue"), part: "hazard-spots" },
];

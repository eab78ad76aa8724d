import type { ScenePage } from "@/scenes/registry";

export const pages: readonly ScenePage[] = [
  {
    name: "works",
    path: "/works",
    component: () => import("./WorksPage.vue"),
    icon: "barrier",
    title: "urban_management.works.title",
    roles: ["unit", "dispatcher", "shift_leader", "acceptor", "district"],
  },
];

import type { ScenePage } from "@/scenes/registry";

export const pages: readonly ScenePage[] = [
  {
    name: "works",
    path: "/works",
    component: () => import("./WorksPage.vue"),
    icon: "barrier",
    title: "urban_management.works.title",
    begins: true,
    roles: ["unit", "dispatcher", "shift_leader", "acceptor", "district"],
  },
  {
    name: "winter",
    path: "/winter",
    component: () => import("./WinterPage.vue"),
    icon: "snow",
    title: "urban_management.winter.title",
    roles: ["collector", "acceptor", "dispatcher", "shift_leader", "district"],
  },
];

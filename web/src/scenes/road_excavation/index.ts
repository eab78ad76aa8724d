import type { ScenePage } from "@/scenes/registry";

export const pages: readonly ScenePage[] = [
  {
    name: "permits",
    path: "/permits",
    component: () => import("./PermitsPage.vue"),
    icon: "barrier",
    title: "road_excavation.permits.title",
    begins: true,
    roles: ["unit", "handler", "collector", "dispatcher", "shift_leader", "acceptor", "administrator"],
  },
];

/** What the page of a case of this scene shows besides. */
export const casePanel = () => import("./CasePanel.vue");

import type { ScenePage } from "@/scenes/registry";

export const casePanel = () => import("./CaseLink.vue");

export const pages: readonly ScenePage[] = [
  {
    name: "accidents",
    path: "/accidents",
    component: () => import("./AccidentsPage.vue"),
    icon: "truck",
    title: "quick_accident.title",
    roles: ["acceptor", "dispatcher", "shift_leader", "unit", "district", "analyst"],
  },
  { name: "accident-figures", path: "/accidents/figures", component: () => import("./FiguresPage.vue"), part: "accidents" },
  { name: "accident", path: "/accidents/:id", component: () => import("./AccidentPage.vue"), part: "accidents" },
  { name: "party", path: "/p", component: () => import("./PartyPage.vue"), open: true },
];

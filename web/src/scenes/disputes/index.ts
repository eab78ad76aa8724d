import type { ScenePage } from "@/scenes/registry";

export const pages: readonly ScenePage[] = [
  {
    name: "disputes",
    path: "/disputes",
    component: () => import("./DisputesPage.vue"),
    icon: "users",
    title: "disputes.title",
    begins: true,
    roles: ["unit", "handler", "acceptor", "dispatcher", "shift_leader", "district", "analyst"],
  },
  { name: "dispute-figures", path: "/disputes/figures", component: () => import("./FiguresPage.vue"), part: "disputes" },
];

/** What the page of a case of this scene shows besides. */
export const casePanel = () => import("./CasePanel.vue");

import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import { allowed, homePage, NAVIGATION } from "@/navigation";
import { scenePages } from "@/scenes/registry";
import { me } from "@/stores/session";

function openFieldApp(): false {
  window.location.assign(import.meta.env.DEV ? "/field.html" : "/field");
  return false;
}

const routes: RouteRecordRaw[] = [
  { path: "/sign-in", name: "sign-in", component: () => import("@/pages/SignInPage.vue"), meta: { open: true } },
  { path: "/", name: "home", redirect: () => ({ name: me.value === null ? "sign-in" : homePage() }) },
  { path: "/map", name: "map", component: () => import("@/pages/MapPage.vue") },
  { path: "/alerts", name: "alerts", component: () => import("@/pages/AlertsPage.vue") },
  { path: "/cases", name: "cases", component: () => import("@/pages/CasesPage.vue") },
  { path: "/cases/new/:scene/:kind", name: "new-case", component: () => import("@/pages/NewCasePage.vue"), props: true, meta: { part: "cases" } },
  {
    path: "/cases/:id",
    name: "case",
    component: () => import("@/pages/CasePage.vue"),
    props: true,
    meta: { part: "cases" },
  },
  { path: "/inspections", name: "inspections", component: () => import("@/pages/InspectionsPage.vue") },
  { path: "/inspections/:id", name: "inspection", component: () => import("@/pages/InspectionPage.vue"), props: true, meta: { part: "inspections" } },
  { path: "/desk", name: "desk", component: () => import("@/pages/DeskPage.vue") },
  { path: "/work", name: "work", component: () => import("@/pages/WorkPage.vue") },
  { path: "/crew", name: "crew", component: () => import("@/pages/CrewPage.vue") },
  // The phone's app is a page of its own: it opens without a network.
  { path: "/field", name: "field", component: () => import("@/pages/LostPage.vue"), beforeEnter: openFieldApp },
  { path: "/enterprise", name: "enterprise", component: () => import("@/pages/EnterprisePage.vue") },
  { path: "/patrol", name: "patrol", component: () => import("@/pages/PatrolPage.vue") },
  { path: "/drills", name: "drills", component: () => import("@/pages/DrillsPage.vue") },
  { path: "/drills/:id", name: "drill", component: () => import("@/pages/DrillPage.vue"), props: true, meta: { part: "drills" } },
  { path: "/learn", name: "learn", component: () => import("@/pages/LearnPage.vue") },
  { path: "/evaluation", name: "evaluation", component: () => import("@/pages/EvaluationPage.vue") },
  { path: "/registers", name: "registers", component: () => import("@/pages/RegistersPage.vue") },
  { path: "/registers/:register", name: "register", component: () => import("@/pages/RegisterPage.vue"), props: true, meta: { part: "registers" } },
  { path: "/registers/:register/:id", name: "register-entry", component: () => import("@/pages/RegisterEntryPage.vue"), props: true, meta: { part: "registers" } },
  { path: "/rules", name: "rules", component: () => import("@/pages/RulesPage.vue") },
  { path: "/scenes", name: "scenes", component: () => import("@/pages/scenes/ScenesPage.vue") },
  { path: "/scenes/:name", name: "scene", component: () => import("@/pages/scenes/ScenePage.vue"), props: true, meta: { part: "scenes" } },
  { path: "/devices", name: "devices", component: () => import("@/pages/DevicesPage.vue") },
  { path: "/accounts", name: "accounts", component: () => import("@/pages/AccountsPage.vue") },
  { path: "/audit", name: "audit", component: () => import("@/pages/AuditPage.vue") },
  { path: "/tip-offs", name: "tip-offs", component: () => import("@/pages/TipOffsPage.vue") },
  { path: "/report", name: "report", component: () => import("@/pages/report/ReportPage.vue"), meta: { open: true } },
  { path: "/report/follow", name: "follow", component: () => import("@/pages/report/FollowPage.vue"), meta: { open: true } },
  { path: "/report/map", name: "reports-map", component: () => import("@/pages/report/ReportsMapPage.vue"), meta: { open: true } },
  { path: "/report/tip-off", name: "tip-off", component: () => import("@/pages/report/TipOffPage.vue"), meta: { open: true } },
  { path: "/health", name: "health", component: () => import("@/pages/HealthPage.vue") },
  ...scenePages.map(({ path, name, component, open, part }) => ({ path, name, component, props: true, meta: { open, part } })),
  { path: "/:rest(.*)*", name: "lost", component: () => import("@/pages/LostPage.vue") },
];

export const router = createRouter({ history: createWebHistory(), routes });

router.beforeEach((to) => {
  if (to.meta.open === true) return true;
  if (me.value === null) return { name: "sign-in", query: { next: to.fullPath } };
  const page = typeof to.meta.part === "string" ? to.meta.part : to.name;
  const item = NAVIGATION.find((candidate) => candidate.name === page);
  if (item !== undefined && !allowed(item)) return { name: "lost", params: { rest: to.path.slice(1).split("/") } };
  return true;
});

// The pages, who may see them, and their order in the rail.
import type { IconName } from "@/components/icons";
import { can, me } from "@/stores/session";
import { scenePages } from "@/scenes/registry";
import type { Role } from "@/api/types";

export interface NavigationItem {
  name: string;
  icon: IconName;
  permission?: string;
  roles?: readonly Role[];
  /** The words, where they are not `nav.<name>`. */
  title?: string;
  /** The scene that brings the page: it is in the rail where that scene holds something for this person. */
  scene?: string;
  /** Where people of a unit that no scene holds anything for yet can begin. */
  begins?: boolean;
}

export const NAVIGATION: readonly NavigationItem[] = [
  { name: "crew", icon: "phone", roles: ["crew"] },
  { name: "enterprise", icon: "home", roles: ["enterprise"] },
  { name: "field", icon: "camera", permission: "inspections.record" },
  { name: "work", icon: "check", roles: ["acceptor", "dispatcher", "shift_leader", "unit", "handler", "collector"] },
  { name: "desk", icon: "headset", permission: "cases.open" },
  { name: "map", icon: "map", permission: "map.read" },
  { name: "alerts", icon: "alert", permission: "alerts.read" },
  { name: "cases", icon: "cases", permission: "cases.read" },
  { name: "inspections", icon: "checklist", permission: "inspections.read" },
  ...scenePages.flatMap(({ icon, ...page }) => (icon === undefined ? [] : [{ ...page, icon }])),
  { name: "drills", icon: "clock", roles: ["unit", "handler", "enterprise", "district", "dispatcher", "shift_leader", "analyst", "auditor"] },
  { name: "registers", icon: "book", permission: "registers.read" },
  { name: "patrol", icon: "walk", permission: "patrol.read" },
  { name: "tip-offs", icon: "shield", permission: "tipoffs.handle" },
  { name: "learn", icon: "chart", permission: "learn.read" },
  { name: "evaluation", icon: "target", permission: "learn.read" },
  { name: "rules", icon: "layers", permission: "rules.read" },
  { name: "scenes", icon: "filter", permission: "rules.read" },
  { name: "devices", icon: "device", permission: "devices.read" },
  { name: "accounts", icon: "users", permission: "accounts.manage" },
  { name: "audit", icon: "shield", permission: "audit.read" },
  { name: "health", icon: "pulse", roles: ["administrator", "dispatcher", "shift_leader", "auditor"] },
];

export function allowed(item: NavigationItem): boolean {
  const role = me.value?.role;
  if (role === undefined) return false;
  if (item.roles !== undefined && !item.roles.includes(role)) return false;
  return item.permission === undefined || can(item.permission);
}

/** What stands in the rail: of the pages that a person may open, not those of scenes that hold nothing for them. */
export function inRail(item: NavigationItem): boolean {
  const scenes = me.value?.scenes ?? [];
  const held = item.scene === undefined || scenes.includes(item.scene) || (scenes.length === 0 && item.begins === true);
  return held && allowed(item);
}

/** Where each role's work begins. */
const HOMES: Record<Role, string> = {
  administrator: "devices",
  acceptor: "map",
  dispatcher: "map",
  shift_leader: "map",
  collector: "work",
  unit: "work",
  handler: "work",
  crew: "crew",
  enterprise: "enterprise",
  district: "map",
  analyst: "learn",
  auditor: "audit",
};

/** The page where this person's work begins or, when they may not see it, the first they may. */
export function homePage(): string {
  const wanted = NAVIGATION.find((item) => me.value !== null && item.name === HOMES[me.value.role]);
  return (wanted && allowed(wanted) ? wanted : NAVIGATION.find(inRail))?.name ?? "health";
}

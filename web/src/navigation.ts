// The pages, who may see them, and their order in the rail.
import type { IconName } from "@/components/icons";
import { can, me } from "@/stores/session";
import type { Role } from "@/api/types";

export interface NavigationItem {
  name: string;
  icon: IconName;
  permission?: string;
  roles?: readonly Role[];
}

export const NAVIGATION: readonly NavigationItem[] = [
  { name: "crew", icon: "phone", roles: ["crew"] },
  { name: "enterprise", icon: "home", roles: ["enterprise"] },
  { name: "map", icon: "map", permission: "map.read" },
  { name: "alerts", icon: "alert", permission: "alerts.read" },
  { name: "cases", icon: "cases", permission: "cases.read" },
  { name: "learn", icon: "chart", permission: "learn.read" },
  { name: "devices", icon: "device", permission: "devices.read" },
  { name: "accounts", icon: "users", permission: "accounts.manage" },
  { name: "audit", icon: "shield", permission: "audit.read" },
  { name: "health", icon: "pulse", roles: ["administrator", "dispatcher", "auditor"] },
];

export function allowed(item: NavigationItem): boolean {
  const role = me.value?.role;
  if (role === undefined) return false;
  if (item.roles !== undefined && !item.roles.includes(role)) return false;
  return item.permission === undefined || can(item.permission);
}

/** The first page this person may see. */
export function homePage(): string {
  return NAVIGATION.find(allowed)?.name ?? "health";
}

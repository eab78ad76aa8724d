import { ref } from "vue";
import { onPublicPage } from "@/api/client";

export type Theme = "dark" | "light";
const STORED_THEME = "cityops.theme";

/** The desk is dark unless somebody chose otherwise; residents find a light page. */
const first: Theme = onPublicPage() ? "light" : "dark";
const stored = localStorage.getItem(STORED_THEME);
export const theme = ref<Theme>(stored === "light" || stored === "dark" ? stored : first);

export function showTheme(): void {
  document.documentElement.classList.toggle("dark", theme.value === "dark");
}

export function setTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(STORED_THEME, next);
  showTheme();
}

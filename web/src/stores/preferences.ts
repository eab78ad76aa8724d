import { ref } from "vue";

export type Theme = "dark" | "light";
const STORED_THEME = "cityops.theme";

export const theme = ref<Theme>(localStorage.getItem(STORED_THEME) === "light" ? "light" : "dark");

export function setTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(STORED_THEME, next);
  document.documentElement.classList.toggle("dark", next === "dark");
}

// Chinese first, complete English. The message files are the only place where interface text stands.
import { createI18n } from "vue-i18n";
import type { Bilingual } from "@/api/types";

export type Language = "zh" | "en";
interface MessageTree {
  [key: string]: string | MessageTree;
}

const files = import.meta.glob<MessageTree>("./locales/*/*.json", { eager: true, import: "default" });
const scenes = import.meta.glob<MessageTree>("./scenes/*/{zh,en}.json", { eager: true, import: "default" });

function collect(language: Language): MessageTree {
  const tree: MessageTree = {};
  for (const [path, messages] of Object.entries(files)) {
    const [, , folder, file] = path.split("/");
    if (folder === language && file !== undefined) tree[file.replace(".json", "")] = messages;
  }
  for (const [path, messages] of Object.entries(scenes)) {
    const [, , scene, file] = path.split("/");
    if (file === `${language}.json` && scene !== undefined) tree[scene] = messages;
  }
  return tree;
}

const STORED_LANGUAGE = "cityops.language";
const stored = localStorage.getItem(STORED_LANGUAGE);

export const i18n = createI18n({
  legacy: false,
  locale: stored === "en" ? "en" : "zh",
  fallbackLocale: "zh",
  messages: { zh: collect("zh"), en: collect("en") },
});

export function language(): Language {
  return i18n.global.locale.value === "en" ? "en" : "zh";
}

export function setLanguage(next: Language): void {
  i18n.global.locale.value = next;
  localStorage.setItem(STORED_LANGUAGE, next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}

/** The same message in both languages. */
export function both(key: string): Bilingual {
  return { zh: i18n.global.t(key, {}, { locale: "zh" }), en: i18n.global.t(key, {}, { locale: "en" }) };
}

/** The words of a bilingual value in the language on screen. */
export function say(text: Bilingual): string {
  return language() === "zh" ? text.zh : text.en;
}

/** Who did it: what the platform does itself it signs in Chinese. */
export function actorName(name: string): string {
  const own = both("common.role.system");
  return name === own.zh ? say(own) : name;
}

/** Whether there is a word for a code. */
export function hasWord(group: string, code: string): boolean {
  return i18n.global.te(`${group}.${code}`);
}

/** A word for a code the server may extend: the translated word, or the code itself. */
export function wordFor(group: string, code: string): string {
  const key = `${group}.${code}`;
  return i18n.global.te(key) ? i18n.global.t(key) : code;
}

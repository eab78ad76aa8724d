// Who is signed in and what runs here.
import { computed, ref, shallowRef } from "vue";
import { calls } from "@/api/calls";
import { setCsrfToken } from "@/api/client";
import type { Me, Product } from "@/api/types";
import { say } from "@/i18n";

export const me = shallowRef<Me | null>(null);
export const product = shallowRef<Product | null>(null);
/** Milliseconds the server's clock is ahead of this one. */
export const clockOffsetMs = ref(0);

/** What a scene is called; one that is not in use by its name. */
export function sceneTitle(name: string): string {
  const title = product.value?.scenes[name];
  return title === undefined ? name : say(title);
}

const permissions = computed(() => new Set(me.value?.permissions ?? []));

export function can(permission: string): boolean {
  return permissions.value.has(permission);
}

export async function loadProduct(): Promise<Product> {
  const askedMs = Date.now();
  const answer = await calls.product();
  const answeredMs = Date.now();
  clockOffsetMs.value = new Date(answer.now).getTime() - (askedMs + answeredMs) / 2;
  product.value = answer;
  return answer;
}

function take(answer: Me | null): void {
  me.value = answer;
  setCsrfToken(answer?.csrf_token ?? "");
}

/** The session of an earlier visit, or null. */
export async function resume(): Promise<Me | null> {
  take(await calls.session());
  return me.value;
}

export async function signIn(username: string, password: string): Promise<void> {
  take(await calls.signIn(username, password));
}

export async function signOut(): Promise<void> {
  await calls.signOut();
  take(null);
}

export function forget(): void {
  take(null);
}

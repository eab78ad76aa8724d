// Whose phone this is now. The last person who signed in stays known without a network, so that a whole shift can be
// worked offline; nothing is sent before the server has said again who it is.
import { ref, shallowRef } from "vue";
import { ApiProblem, onSignedOut } from "@/api/client";
import { forget, me, resume, signIn as enter, signOut as leave } from "@/stores/session";
import { cache, cached } from "./database";

export interface Person {
  accountId: string;
  name: string;
  permissions: string[];
}

const KEY = "person";
export const person = shallowRef<Person | null>(null);
/** Whether the server knows this person now: "in", "out" (sign in again), or "unknown" (no network yet). */
export const session = ref<"in" | "out" | "unknown">("unknown");
export const may = (permission: string): boolean => person.value?.permissions.includes(permission) ?? false;

async function take(): Promise<void> {
  if (me.value === null) {
    session.value = "out";
    return;
  }
  person.value = { accountId: me.value.account_id, name: me.value.display_name, permissions: [...me.value.permissions] };
  session.value = "in";
  await cache(KEY, person.value);
}

/** Ask the server who is signed in; without a network the last person stays. */
export async function recognise(): Promise<void> {
  person.value ??= (await cached<Person>(KEY)) ?? null;
  try {
    await resume();
    await take();
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    session.value = "unknown";
  }
}

export async function signIn(username: string, password: string): Promise<void> {
  await enter(username, password);
  await take();
}

export async function signOut(): Promise<void> {
  await leave();
  session.value = "out";
}

onSignedOut(() => {
  forget();
  session.value = "out";
});

// The one way to the server: typed JSON in and out, the CSRF header on every unsafe method, and each failure as an
// ApiProblem that can be shown to a person. Nothing is sent twice: whether to try again is the person's decision.
import { both } from "@/i18n";
import type { Problem } from "./types";

export type QueryValue = string | number | boolean | readonly string[] | undefined | null;
export type Query = Record<string, QueryValue>;

interface RequestOptions {
  query?: Query;
  body?: unknown;
  /** The body itself, instead of JSON. */
  file?: Blob;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** A request that failed, in the words of the server or, when it did not answer, in ours. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.message_en);
    this.name = "ApiProblem";
  }
}

let csrfToken = "";
let signedOut: () => void = () => undefined;

export function setCsrfToken(token: string): void {
  csrfToken = token;
}

export function csrf(): string {
  return csrfToken;
}

/** What to do when the server no longer knows this person. */
export function onSignedOut(handler: () => void): void {
  signedOut = handler;
}

/** The pages that need nobody to be signed in: they send no cookie, even where there is one. */
export function onPublicPage(): boolean {
  return location.pathname === "/report" || location.pathname.startsWith("/report/");
}

/** Every answer passes here: one that says nobody is signed in ends this person's session on the page. */
export function heed(status: number, path: string): void {
  if (status === 401 && path !== "/api/session") signedOut();
}

export function address(path: string, query: Query = {}): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) parts.append(name, String(one));
    else if (value !== undefined && value !== null && value !== "") parts.set(name, String(value));
  }
  const text = parts.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** A problem that the browser met before any server could explain it. */
export function localProblem(key: "unreachable" | "unreadable" | "broken" | "too_large" | "file_gone" | "page"): Problem {
  const message = both(`problem.${key}.message`);
  const kept = both(`problem.${key}.kept`);
  const todo = both(`problem.${key}.todo`);
  return {
    code: `local.${key}`,
    message: message.zh,
    message_en: message.en,
    kept: kept.zh,
    kept_en: kept.en,
    todo: todo.zh,
    todo_en: todo.en,
  };
}

export function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value && "message" in value && "message_en" in value;
}

async function problemOf(response: Response): Promise<ApiProblem> {
  let said: unknown = null;
  try {
    said = await response.json();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return new ApiProblem(response.status, isProblem(said) ? said : localProblem("broken"));
}

async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.file !== undefined) headers["Content-Type"] = "application/octet-stream";
  if (method !== "GET") headers["X-CSRF-Token"] = csrfToken;
  try {
    return await fetch(address(path, options.query), {
      method,
      headers,
      body: options.file ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      signal: options.signal,
      credentials: onPublicPage() ? "omit" : "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiProblem(0, localProblem("unreachable"));
  }
}

export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  if (!response.ok) {
    const problem = await problemOf(response);
    heed(response.status, path);
    throw problem;
  }
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof SyntaxError) throw new ApiProblem(response.status, localProblem("unreadable"));
    throw error;
  }
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  request<T>("GET", path, { query, signal });
export const post = <T>(path: string, body: unknown = {}): Promise<T> => request<T>("POST", path, { body });
export const remove = <T>(path: string): Promise<T> => request<T>("DELETE", path);

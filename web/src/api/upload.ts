// One file on its way to the server: with progress, to be given up, and each failure as an ApiProblem.
import { address, ApiProblem, csrf, heed, isProblem, localProblem, type Query } from "./client";
import type { Evidence, EvidenceRole } from "./types";

const MIB = 1024 * 1024;
/** The server's bounds by kind of file: asked for here so that nobody sends for minutes what is then refused. */
const SIZE_MAX: Record<string, number> = { image: 30 * MIB, audio: 30 * MIB, video: 500 * MIB };
const DOCUMENT_MAX = 50 * MIB;

export interface UploadOptions {
  clientId: string;
  role: EvidenceRole;
  name: string;
  caseId?: string;
  beforeId?: string;
  at?: { lon: number; lat: number } | null;
  takenAt?: string;
  signal?: AbortSignal;
  onProgress?: (share: number) => void;
}

/** A number of our own. Random bytes, for crypto.randomUUID exists only behind HTTPS or on localhost. */
export function newClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function tooLarge(file: Blob): boolean {
  return file.size > (SIZE_MAX[file.type.split("/")[0] ?? ""] ?? DOCUMENT_MAX);
}

function answerOf(http: XMLHttpRequest): unknown {
  try {
    return JSON.parse(http.responseText);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Send ``file`` to ``path``; the same ``clientId`` again is the same item, so a lost answer is no loss. */
export function upload<T>(path: string, query: Query, file: Blob, options: Pick<UploadOptions, "signal" | "onProgress">): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (tooLarge(file)) return reject(new ApiProblem(413, localProblem("too_large")));
    const http = new XMLHttpRequest();
    http.open("POST", address(path, query));
    http.setRequestHeader("X-CSRF-Token", csrf());
    http.setRequestHeader("Content-Type", "application/octet-stream");
    http.upload.onprogress = (event) => options.onProgress?.(event.total > 0 ? event.loaded / event.total : 0);
    http.onerror = () => reject(new ApiProblem(0, localProblem("unreachable")));
    http.onabort = () => reject(new DOMException("given up", "AbortError"));
    http.onload = () => {
      const said = answerOf(http);
      heed(http.status, path);
      if (http.status >= 200 && http.status < 300 && said !== null) resolve(said as T);
      else reject(new ApiProblem(http.status, isProblem(said) ? said : localProblem("broken")));
    };
    options.signal?.addEventListener("abort", () => http.abort());
    http.send(file);
  });
}

export function uploadEvidence(file: Blob, options: UploadOptions): Promise<Evidence> {
  const query: Query = {
    client_id: options.clientId,
    role: options.role,
    name: options.name.slice(-200),
    case_id: options.caseId,
    before_id: options.beforeId,
    lon: options.at?.lon,
    lat: options.at?.lat,
    taken_at: options.takenAt,
  };
  return upload<Evidence>("/api/evidence", query, file, options);
}

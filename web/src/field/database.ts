// What the phone keeps (IndexedDB): the queue with its files, the track of a time on duty, and cached reading.
// Every change is one transaction; what `keep` has acknowledged survives the app being killed.
const NAME = "cityops-field";
const VERSION = 1;
export type StoreName = "items" | "files" | "points" | "shifts" | "cache";

let opened: Promise<IDBDatabase> | null = null;

function upgrade(database: IDBDatabase): void {
  database.createObjectStore("items", { keyPath: "seq", autoIncrement: true });
  database.createObjectStore("files");
  database.createObjectStore("points", { keyPath: "seq", autoIncrement: true });
  database.createObjectStore("shifts", { keyPath: "clientId" });
  database.createObjectStore("cache");
}

function open(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => upgrade(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB does not open"));
  });
  opened.catch(() => (opened = null));
  return opened;
}

export function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB refuses"));
  });
}

/** Run ``work`` in one transaction; resolves when it is on the disk. ``work`` may await nothing but its requests. */
export async function keep<T>(names: StoreName[], work: (transaction: IDBTransaction) => Promise<T>): Promise<T> {
  const transaction = (await open()).transaction(names, "readwrite", { durability: "strict" });
  const over = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new DOMException("given up", "AbortError"));
  });
  const [value] = await Promise.all([work(transaction), over]);
  return value;
}

export async function all<T>(name: StoreName): Promise<T[]> {
  return result((await open()).transaction(name).objectStore(name).getAll() as IDBRequest<T[]>);
}

export async function read<T>(name: StoreName, key: IDBValidKey): Promise<T | undefined> {
  return result((await open()).transaction(name).objectStore(name).get(key) as IDBRequest<T | undefined>);
}

export async function cached<T>(key: string): Promise<T | undefined> {
  return read<T>("cache", key);
}

export async function cache(key: string, value: unknown): Promise<void> {
  await keep(["cache"], async (transaction) => void transaction.objectStore("cache").put(value, key));
}

// The words of the interface: both languages hold the same keys with the same placeholders, every key used in the
// source exists, none is left over, and no Chinese text stands outside the message files.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../src", import.meta.url));
const faults = [];
/** Characters, and the marks that only Chinese text uses. */
const CHINESE = /[\p{Script=Han}\u3001-\u3011\uff01-\uff5e]/u;

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

function flatten(value, prefix, into) {
  for (const [key, inner] of Object.entries(value)) {
    const path = `${prefix}.${key}`;
    if (typeof inner === "string") into.set(path, inner);
    else flatten(inner, path, into);
  }
  return into;
}

function messages(language) {
  const folder = join(root, "locales", language);
  const all = new Map();
  for (const name of readdirSync(folder)) {
    flatten(JSON.parse(readFileSync(join(folder, name), "utf8")), name.replace(/\.json$/, ""), all);
  }
  for (const scene of readdirSync(join(root, "scenes"), { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    flatten(JSON.parse(readFileSync(join(root, "scenes", scene.name, `${language}.json`), "utf8")), scene.name, all);
  }
  return all;
}

/** Comments may hold the Chinese word for a term; what reaches the screen may not. */
function withoutComments(text) {
  return text.replace(/<!--[\s\S]*?-->|\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, "");
}

const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort().join(",");
const chinese = messages("zh");
const english = messages("en");

for (const [key, text] of chinese) {
  if (!english.has(key)) faults.push(`en lacks ${key}`);
  else if (placeholders(text) !== placeholders(english.get(key))) faults.push(`placeholders differ: ${key}`);
}
for (const [key, text] of english) {
  if (!chinese.has(key)) faults.push(`zh lacks ${key}`);
  if (CHINESE.test(text)) faults.push(`en has Chinese text: ${key}`);
}

const used = new Set();
const prefixes = new Set();
for (const path of filesUnder(root).filter((name) => /\.(vue|ts)$/.test(name) && !name.endsWith("schema.d.ts"))) {
  const text = withoutComments(readFileSync(path, "utf8"));
  const name = path.slice(root.length + 1);
  if (!name.startsWith("locales/") && CHINESE.test(text)) faults.push(`Chinese text in ${name}`);
  for (const match of text.matchAll(/\bt\(\s*["']([\w.]+)["']/g)) used.add(match[1]);
  for (const match of text.matchAll(/["']([a-z_]+(?:\.\w+)+)["']/g)) if (chinese.has(match[1])) used.add(match[1]);
  for (const match of text.matchAll(/`([a-z_]+(?:\.\w+)*\.)\$\{/g)) prefixes.add(match[1]);
  for (const match of text.matchAll(/wordFor\(\s*["'`]([\w.]+)["'`]/g)) prefixes.add(`${match[1]}.`);
}
for (const key of used) if (!chinese.has(key)) faults.push(`no words for ${key}`);
for (const key of chinese.keys()) {
  if (!used.has(key) && ![...prefixes].some((prefix) => key.startsWith(prefix))) faults.push(`never used: ${key}`);
}

if (faults.length > 0) {
  process.stderr.write(`${faults.join("\n")}\n${faults.length} faults in the words of the interface\n`);
  process.exit(1);
}
process.stdout.write(`words: ${chinese.size} keys in two languages\n`);

// Every part of Element Plus that a page uses is named in ui.ts: Vue would leave out one that is not, with no error.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../src", import.meta.url));
const known = new Set(readFileSync(join(root, "ui.ts"), "utf8").match(/\bEl[A-Z]\w+/g));
const faults = [];
for (const name of readdirSync(root, { recursive: true }).filter((path) => path.endsWith(".vue"))) {
  for (const [, part] of readFileSync(join(root, name), "utf8").matchAll(/<(El[A-Z]\w+)/g)) {
    if (!known.has(part)) faults.push(`${name} uses ${part}, which ui.ts does not name`);
  }
}
for (const fault of faults) console.error(fault);
process.exit(faults.length ? 1 : 0);

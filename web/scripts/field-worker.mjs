// Writes /field-sw.js: the service worker of the phone's app, with every file that the app can ever ask for.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const PUBLIC = ["/field", "/field.manifest.json", "/field-icon.svg", "/field-192.png"];
const SOURCE = new URL("../src/field/worker.js", import.meta.url);

export function fieldWorker() {
  return {
    name: "cityops-field-worker",
    generateBundle(_, bundle) {
      const files = new Set();
      const follow = (name) => {
        if (files.has(name)) return;
        files.add(name);
        const chunk = bundle[name];
        if (chunk?.type !== "chunk") return;
        chunk.viteMetadata?.importedCss.forEach((css) => files.add(css));
        chunk.viteMetadata?.importedAssets.forEach((asset) => files.add(asset));
        [...chunk.imports, ...chunk.dynamicImports].forEach(follow);
      };
      for (const chunk of Object.values(bundle)) {
        if (chunk.type === "chunk" && chunk.isEntry && chunk.facadeModuleId?.endsWith("/field.html")) follow(chunk.fileName);
      }
      // MapLibre's worker is reached by its address only.
      Object.keys(bundle).filter((name) => name.includes("maplibre-gl-worker")).forEach(follow);
      const list = [...PUBLIC, ...[...files].sort().map((name) => `/${name}`)];
      const source = readFileSync(SOURCE, "utf8");
      const version = createHash("sha256").update(list.join("\n")).update(source).digest("hex").slice(0, 16);
      const head = `const VERSION = ${JSON.stringify(version)};\nconst FILES = ${JSON.stringify(list)};\n`;
      this.emitFile({ type: "asset", fileName: "field-sw.js", source: head + source });
    },
  };
}

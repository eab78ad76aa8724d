import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";
import { fieldWorker } from "./scripts/field-worker.mjs";

export default defineConfig({
  plugins: [vue(), fieldWorker()],
  resolve: { alias: { "@": "/src" } },
  // MapLibre's worker is a module; bundled any other way its layers vanish without an error.
  worker: { format: "es" },
  define: { __VUE_I18N_FULL_INSTALL__: false, __VUE_I18N_LEGACY_API__: false, __VUE_OPTIONS_API__: true },
  build: {
    target: "es2022",
    chunkSizeWarningLimit: 1400,
    sourcemap: false,
    rolldownOptions: { input: { index: "index.html", field: "field.html" } },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
});

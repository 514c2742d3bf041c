import { defineConfig } from "vite";

export default defineConfig({
  build: {
    target: "es2022",
    outDir: process.env["OUT"] ?? "dist",
    emptyOutDir: true,
    // A picture in a style sheet as `data:` would need `img-src data:` in the page's policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});

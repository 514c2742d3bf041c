import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { defineConfig, type Plugin } from "vite";

const WORKER = "service-worker";

export default defineConfig({
  build: {
    target: "es2022",
    outDir: process.env["OUT"] ?? "dist",
    emptyOutDir: true,
    // A picture in a style sheet as `data:` would need `img-src data:` in the page's policy.
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      input: { index: "index.html", [WORKER]: "src/offline/service-worker.ts" },
      output: {
        // A service worker's address stays the same, and its folder is the reach of its work.
        entryFileNames: ({ name }) => (name === WORKER ? "[name].js" : "assets/[name]-[hash].js"),
      },
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [listFiles()],
});

/** Tell the service worker which files the build consists of, and a hash of their content. */
function listFiles(): Plugin {
  return {
    name: "list-files",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const contents = new Map<string, string | Uint8Array>();
        for (const name of readdirSync("public")) contents.set(`/${name}`, readFileSync(join("public", name)));
        for (const [name, output] of Object.entries(bundle)) {
          contents.set(`/${name}`, output.type === "chunk" ? output.code : output.source);
        }
        const worker = bundle[`${WORKER}.js`];
        if (worker?.type !== "chunk") this.error(`the build has no ${WORKER}.js`);
        const hash = createHash("sha256");
        for (const [name, content] of [...contents].sort()) hash.update(name).update("\0").update(content);
        // The page is kept with its headers.
        hash.update(readFileSync("headers.json"));
        // The page itself is kept as "/"; the installed icons belong to the system.
        const files = [...contents.keys()].filter((name) => !/^\/(index\.html|service-worker\.js|.*\.png)$/.test(name));
        worker.code = worker.code
          .replace("__FILES__", JSON.stringify(files))
          .replace("__BUILD__", JSON.stringify(hash.digest("hex").slice(0, 16)));
      },
    },
  };
}

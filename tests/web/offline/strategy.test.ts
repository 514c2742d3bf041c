import assert from "node:assert/strict";
import { test } from "node:test";

import { strategyOf } from "../../../web/src/offline/strategy.ts";

const ORIGIN = "https://vitrine.example";
const FILES = new Set(["/icon.svg", "/assets/index-1.js"]);

function strategy(address: string, { method = "GET", mode = "cors" } = {}): string {
  return strategyOf({ method, url: new URL(address, ORIGIN).href, mode }, ORIGIN, FILES);
}

test("navigation gets the shell", () => {
  for (const address of ["/", "/shelf", "/reports/01a?x=1#top", "/nowhere"]) {
    assert.equal(strategy(address, { mode: "navigate" }), "shell");
  }
});

test("API stays untouched", () => {
  for (const address of ["/api", "/api/reports", "/api/reports/1?wait=20"]) {
    assert.equal(strategy(address), "network");
    assert.equal(strategy(address, { mode: "navigate" }), "network");
  }
});

test("address that begins like the API is a screen", () => {
  assert.equal(strategy("/apiary", { mode: "navigate" }), "shell");
});

test("other origins stay untouched", () => {
  assert.equal(strategy("https://photos.example/icon.svg"), "network");
  assert.equal(strategy("https://project.supabase.co/auth/v1/token"), "network");
});

test("only GET is answered", () => {
  assert.equal(strategy("/icon.svg", { method: "HEAD" }), "network");
  assert.equal(strategy("/", { method: "POST", mode: "navigate" }), "network");
});

test("files of the build are assets", () => {
  assert.equal(strategy("/assets/index-1.js"), "asset");
  assert.equal(strategy("/icon.svg", { mode: "navigate" }), "asset");
});

test("file of another build comes from the network", () => {
  assert.equal(strategy("/assets/index-0.js"), "network");
});

test("configuration has its own strategy", () => {
  assert.equal(strategy("/config.json"), "settings");
});

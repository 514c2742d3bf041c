import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { loadConfig } from "../../web/src/config.ts";

const CONFIG = { api: "/api", supabase_url: "https://project.supabase.co", supabase_publishable_key: "key" };

afterEach(() => mock.restoreAll());

function answer(body: unknown, init: ResponseInit = {}): void {
  mock.method(globalThis, "fetch", async () => Response.json(body, init));
}

test("fresh configuration is loaded", async () => {
  answer({ ...CONFIG, goods: "drawn" });
  const { config, isFresh } = await loadConfig();
  assert.equal(config.goods, "drawn");
  assert.equal(isFresh, true);
});

test("configuration of the last visit is not fresh", async () => {
  answer(CONFIG, { headers: { "x-kept": "1" } });
  assert.equal((await loadConfig()).isFresh, false);
});

for (const key of Object.keys(CONFIG)) {
  test(`missing ${key} is named`, async () => {
    answer({ ...CONFIG, [key]: undefined });
    await assert.rejects(loadConfig(), { message: `/config.json has no "${key}"` });
  });
}

test("answer other than success is named", async () => {
  answer({}, { status: 503 });
  await assert.rejects(loadConfig(), /503/);
});

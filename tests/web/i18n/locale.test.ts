import assert from "node:assert/strict";
import { test } from "node:test";

import { localeOf, timeOfDay } from "../../../web/src/i18n/locale.ts";

test("times follow the browser's form of the language", () => {
  assert.equal(localeOf("en", ["fr-CA", "en-GB", "en-US"]), "en-GB");
  assert.equal(localeOf("fr", ["FR-ca"]), "FR-ca");
  assert.equal(localeOf("fr", ["en-CA", "fro"]), "fr");
  assert.equal(localeOf("en", []), "en");
});

test("time of day stays on one line", () => {
  assert.match(timeOfDay(0, "en"), /^\d+:\d\d\S*$|^\d+:\d\d\u00a0\S+$/);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  areFactsCorrected,
  canReword,
  isConditionCorrected,
  isProductCorrected,
  isUnrecognised,
  kindPatch,
  textBefore,
} from "../../../web/src/report/correction.ts";
import { CATALOGUE, report } from "./recorded.ts";

test("only corrected fields are corrected", () => {
  const corrected = report("corrected");
  assert.deepEqual(
    (["type", "material", "colour", "pattern"] as const).map((name) => isProductCorrected(corrected, name)),
    [true, false, false, false],
  );
  assert.ok(isConditionCorrected(corrected, "score") && isConditionCorrected(corrected, "wear"));
  assert.ok(!isProductCorrected(report("whole"), "type") && !isConditionCorrected(report("whole"), "wear"));
});

test("no marks stated is a correction", () => {
  const given = report("corrected").corrections!;
  const corrections = { ...given, condition: { score: null, wear: [] } };
  assert.ok(isConditionCorrected(report("corrected", { corrections }), "wear"));
  assert.ok(!isConditionCorrected(report("corrected", { corrections }), "score"));
});

test("text before is the report's", () => {
  assert.equal(textBefore(report("corrected"), "title"), "Blue ceramic mug");
  assert.equal(textBefore(report("corrected"), "description"), null);
  assert.equal(textBefore(report("whole"), "title"), null);
});

test("own title corrects no facts", () => {
  const given = report("corrected").corrections!;
  assert.ok(areFactsCorrected(report("corrected")));
  assert.ok(!areFactsCorrected(report("corrected", { corrections: { ...given, product: null, condition: null } })));
});

test("unknown kind is asked for", () => {
  assert.ok(isUnrecognised(report("unknown")));
  assert.ok(!isUnrecognised(report("whole")));
  assert.ok(!isUnrecognised(report("unknown", { status: "failed", product: null })));
});

test("fitting marks are not sent", () => {
  assert.deepEqual(kindPatch(report("whole"), CATALOGUE, "coat"), { patch: { product: { type: "coat" } }, lost: [] });
  assert.deepEqual(kindPatch(report("corrected"), CATALOGUE, "mug").lost, []);
});

test("stated marks of another department go", () => {
  const { patch, lost } = kindPatch(report("corrected"), CATALOGUE, "coat");
  assert.deepEqual(lost, ["crack"]);
  // The chip was seen in the photos, so the service takes it for any kind.
  assert.deepEqual(patch, { product: { type: "coat" }, condition: { wear: ["chip"] } });
});

test("undone kind keeps fitting marks", () => {
  const { patch, lost } = kindPatch(report("corrected"), CATALOGUE, null);
  assert.deepEqual([patch, lost], [{ product: { type: null } }, []]);
});

test("marks of an earlier catalogue stay", () => {
  const given = report("corrected").corrections!;
  const corrections = { ...given, condition: { score: null, wear: ["soot"] } };
  assert.deepEqual(kindPatch(report("corrected", { corrections }), CATALOGUE, "coat").lost, []);
});

test("kind outside the catalogue loses nothing", () => {
  assert.deepEqual(kindPatch(report("corrected"), CATALOGUE, "sextant").lost, []);
});

test("template's text can be worded again", () => {
  assert.ok(canReword(report("whole")));
  assert.ok(canReword(report("corrected")));
  assert.ok(!canReword(report("whole", { narrative: "llm" })));
  assert.ok(!canReword(report("older")));
  // There is nothing to word.
  assert.ok(!canReword(report("unknown", { narrative: "template" })));
});

test("owner's whole text stays", () => {
  const corrections = { ...report("corrected").corrections!, description: "Mine." };
  assert.ok(!canReword(report("corrected", { corrections, languages: ["en"] })));
  // The other language's text is not the owner's.
  assert.ok(canReword(report("corrected", { corrections, languages: ["en", "fr"] })));
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { allTexts, answersOf, isNotAsked, markText, sourceOf, textsFor, wordOf } from "../../../web/src/report/texts.ts";
import { report } from "./recorded.ts";

test("report's own language comes first", () => {
  assert.deepEqual(
    allTexts(report("whole")).map(({ language, title }) => [language, title]),
    [
      ["en", "Blue ceramic mug"],
      ["fr", "Tasse en céramique bleue"],
    ],
  );
});

test("reader gets words in their language", () => {
  assert.equal(textsFor(report("whole"), "fr").labels?.type, "tasse");
  assert.equal(textsFor(report("whole"), "en").labels?.type, "mug");
});

test("untranslated report keeps its words", () => {
  assert.equal(textsFor(report("older"), "fr").language, "en");
  assert.equal(textsFor(report("unknown"), "fr").title, "Blue ceramic mug");
});

test("translation without labels gives no words", () => {
  const translations = { fr: { ...report("whole").translations!["fr"]!, labels: null } };
  assert.equal(textsFor(report("whole", { translations }), "fr").language, "en");
});

test("unlabelled code reads as words", () => {
  assert.equal(wordOf(null, "type", "travel_mug"), "travel mug");
  assert.equal(markText(null, { tag: "loose_seam", severity: "minor", place: "top_left" }), "loose seam, minor, top left");
});

test("unknown and unasked have no word", () => {
  const { labels } = textsFor(report("whole"), "en");
  assert.equal(wordOf(labels, "type", "unknown"), null);
  assert.equal(wordOf(labels, "colour", null), null);
});

test("mark says what is known of it", () => {
  const { labels } = textsFor(report("whole"), "en");
  assert.equal(markText(labels, { tag: "chip", severity: "minor", place: "top_left" }), "chip, minor, top left");
  assert.equal(markText(labels, { tag: "chip", severity: null, place: null }), "chip");
});

test("answers take the labels' words", () => {
  const [answer] = answersOf(report("whole"), textsFor(report("whole"), "en").labels);
  assert.deepEqual(answer, { question: "Is it stained?", answer: "no", confidence: 0.6, used: false });
  const evidence = [{ question: "what is it?", answer: "mug", confidence: 0.9 }];
  assert.deepEqual(answersOf(report("older", { evidence }), null), [{ ...evidence[0], used: true }]);
});

test("unasked colour is measured", () => {
  const sources = { type: "model", material: null, colour: "pixels", pattern: null } as const;
  const product = { type: "mug", material: "unknown", colour: "blue", pattern: null, suggestion: null, sources };
  const asked = { question: "what color is it?", answer: "blue", confidence: 0.3, used: true };
  const pixels = { question: "what color are its pixels?", answer: "blue", confidence: 0.7, used: true };
  assert.equal(sourceOf(report("whole", { product, evidence: [pixels] }), "colour"), "measured");
  assert.equal(sourceOf(report("whole", { product, evidence: [asked, pixels] }), "colour"), "pixels");
  assert.equal(sourceOf(report("whole", { product, evidence: [pixels] }), "type"), "model");
});

test("unasked wear is told by its reason", () => {
  assert.equal(isNotAsked(report("whole")), false);
  assert.equal(isNotAsked(report("whole", { confidence: { level: "low", reasons: ["not_asked"] } })), true);
});

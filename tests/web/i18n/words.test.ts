import assert from "node:assert/strict";
import { test } from "node:test";

import { en } from "../../../web/src/i18n/en/index.ts";
import { fr } from "../../../web/src/i18n/fr/index.ts";

/** Each text of a dictionary by its path; a function is called with numbers and with names. */
function texts(words: unknown, path = ""): [string, string][] {
  if (typeof words === "string") return [[path, words]];
  if (typeof words !== "function") {
    return Object.entries(words as object).flatMap(([key, value]) => texts(value, `${path}.${key}`));
  }
  const spoken = words as (...values: unknown[]) => unknown;
  return [1, 3, "name"].flatMap((value) => {
    try {
      return texts(spoken(...Array<unknown>(spoken.length).fill(value)), `${path}(${value})`);
    } catch {
      // It takes numbers only, or names only.
      return [];
    }
  });
}

const english = new Map(texts(en));
const french = new Map(texts(fr));

test("each text says something", () => {
  for (const [path, text] of [...english, ...french]) assert.match(text, /\S/, path);
});

test("French has its own spaces and quotation marks", () => {
  for (const [path, text] of french) {
    assert.doesNotMatch(text, /[^\u00a0\u202f][:;!?»](\s|$)/, `${path}: no-break space before : ; ! ? »`);
    assert.doesNotMatch(text, /«[^\u00a0\u202f]/, `${path}: no-break space after «`);
    assert.doesNotMatch(text, /['"]/, `${path}: ’ and « »`);
  }
});

test("texts are typographic", () => {
  for (const [path, text] of [...english, ...french]) {
    assert.doesNotMatch(text, /\.\.\./, `${path}: … instead of three dots`);
    assert.doesNotMatch(text, /^\s|\s$|\s\s/, `${path}: stray space`);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { choices, departmentOf, findKinds, folded } from "../../../web/src/report/catalogue.ts";
import { CATALOGUE } from "./recorded.ts";

const found = (text: string, most = 8) => findKinds(CATALOGUE, text, most).map((kind) => kind.id);

test("beginning of a name comes first", () => {
  assert.deepEqual(found("mug"), ["mug", "travel_mug", "smug_hat"]);
  assert.deepEqual(found("coat"), ["coat", "waistcoat"]);
});

test("accents and case do not matter", () => {
  assert.deepEqual(found("THEIERE"), ["teapot"]);
  assert.equal(folded("Œuf d’Épée"), "oeuf d'epee");
});

test("English id finds a French name", () => {
  assert.deepEqual(found("teapot"), ["teapot"]);
});

test("words are found in any order", () => {
  assert.deepEqual(found("mug travel"), ["travel_mug"]);
});

test("no text finds nothing", () => {
  for (const text of ["", "   ", "sextant", "🙂"]) assert.deepEqual(found(text), [], text);
});

test("no more than asked for", () => {
  assert.equal(found("a", 2).length, 2);
});

test("any text is searched literally", () => {
  // A text that a pattern would read otherwise, and each name cut anywhere.
  for (const text of ["(", "[a", "\\", ".*", "a".repeat(10_000), "\ud800"]) assert.doesNotThrow(() => found(text));
  for (const { id, name } of CATALOGUE.departments.flatMap((department) => department.kinds)) {
    for (let from = 0; from < name.length; from += 1) {
      for (let to = from + 1; to <= name.length; to += 1) {
        const part = name.slice(from, to);
        if (part.trim() !== "") assert.ok(found(part, 100).includes(id), `${part} finds ${id}`);
      }
    }
  }
});

test("choices are the kind's department's", () => {
  assert.deepEqual(choices(CATALOGUE, "coat", "wear").map((entry) => entry.id), ["hole", "stain"]);
  assert.equal(departmentOf(CATALOGUE, "coat")?.id, "clothing");
});

test("unknown kind has all choices once", () => {
  assert.deepEqual(choices(CATALOGUE, "unknown", "materials").map((entry) => entry.id), ["ceramic", "glass", "wool"]);
  assert.equal(departmentOf(CATALOGUE, "unknown"), undefined);
});

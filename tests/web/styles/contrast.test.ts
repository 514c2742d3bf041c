import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const SHEET = readFileSync(new URL("../../../web/src/styles/tokens.css", import.meta.url), "utf8");
const [lightRules, darkRules] = SHEET.split("@media screen and (prefers-color-scheme: dark)");
const light = colours(lightRules!);
const dark = new Map([...light, ...colours(darkRules!.split("@media")[0]!)]);

// Text needs 4.5:1 of WCAG AA; an outline that shows a control 3:1.
const TEXT: readonly (readonly [string, readonly string[]])[] = [
  ["ink", ["paper", "surface", "sunken", "accent-soft", "danger-soft", "warn-soft"]],
  ["ink-soft", ["paper", "surface", "sunken"]],
  ["accent", ["paper", "surface"]],
  ["accent-strong", ["paper", "surface", "accent-soft"]],
  ["danger", ["paper", "surface", "danger-soft"]],
  ["warn", ["warn-soft"]],
  ["on-accent", ["accent", "accent-strong"]],
  ["on-danger", ["danger"]],
  ["paper", ["ink"]],
];
const OUTLINES: readonly (readonly [string, readonly string[]])[] = [
  ["line-strong", ["paper", "surface"]],
  ["accent", ["paper", "surface", "sunken"]],
];

for (const [scheme, values] of [
  ["light", light],
  ["dark", dark],
] as const) {
  test(`${scheme} text can be read`, () => assertContrast(values, TEXT, 4.5));
  test(`${scheme} controls can be seen`, () => assertContrast(values, OUTLINES, 3));
}

test("both schemes have each colour", () => {
  for (const [name, value] of light) assert.notEqual(dark.get(name), value, `--${name} is the same in both schemes`);
});

function colours(rules: string): Map<string, string> {
  return new Map([...rules.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name!, value!]));
}

function assertContrast(values: Map<string, string>, pairs: typeof TEXT, least: number): void {
  for (const [front, grounds] of pairs) {
    for (const ground of grounds) {
      const [one, other] = [luminance(values.get(front)!), luminance(values.get(ground)!)];
      const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      assert.ok(contrast >= least, `--${front} on --${ground}: ${contrast.toFixed(2)}`);
    }
  }
}

/** The relative luminance of WCAG 2.2. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

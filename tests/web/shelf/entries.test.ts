/** What the shelf shows of a report. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { ListedReport } from "../../../web/src/api/client.ts";
import { groupsOf, standingOf, timeOf, titleOf } from "../../../web/src/shelf/entries.ts";

const LABELS = { type: "mug", grade: "good" };
const FRENCH = { title: "Tasse bleue", description: "", labels: { type: "tasse", grade: "bon" } };

function report(fields: object = {}): ListedReport {
  return {
    id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    status: "succeeded",
    language: "en",
    title: "Blue mug",
    labels: LABELS,
    translations: { fr: FRENCH },
    product: { type: "mug", material: "ceramic" },
    condition: { status: "assessed", score: 8, grade: "good", wear: [] },
    created_at: "2026-11-27T10:00:00Z",
    ...fields,
  } as unknown as ListedReport;
}

test("title is in the reader's language", () => {
  assert.deepEqual(titleOf(report(), "fr"), { text: "Tasse bleue", lang: "fr" });
  assert.deepEqual(titleOf(report(), "en"), { text: "Blue mug", lang: "en" });
  assert.deepEqual(titleOf(report({ translations: {} }), "fr"), { text: "Blue mug", lang: "en" });
});

test("report without a result has no title", () => {
  assert.equal(titleOf(report({ status: "failed", title: null, translations: {} }), "en"), null);
});

test("grade is in the title's language", () => {
  assert.deepEqual(standingOf(report(), "fr"), { kind: "judged", grade: "bon", score: 8 });
  assert.deepEqual(standingOf(report(), "en"), { kind: "judged", grade: "good", score: 8 });
});

test("older report names its grade by the code", () => {
  assert.deepEqual(standingOf(report({ labels: null }), "en"), { kind: "judged", grade: "good", score: 8 });
});

test("every state has a standing", () => {
  const unjudged = { status: "not_assessed", score: null, grade: null, wear: [] };
  const kinds = [
    report({ status: "queued", stage: "accept" }),
    report({ status: "queued", stage: "model", waiting_code: "model_unavailable" }),
    report({ status: "running", stage: "narrate" }),
    // Of a service that does not say it yet.
    report({ status: "running" }),
    report({ status: "failed" }),
    report({ product: { type: "unknown", material: "unknown" }, condition: unjudged }),
    report({ condition: unjudged }),
    // Zero is a score too.
    report({ condition: { status: "assessed", score: 0, grade: "worn", wear: [] } }),
  ].map((one) => {
    const standing = standingOf(one, "en");
    return standing.kind === "making" ? `${standing.stage}${standing.isWaiting ? " waits" : ""}` : standing.kind;
  });
  assert.deepEqual(kinds, [
    "accept",
    "model waits",
    "narrate",
    "accept",
    "failed",
    "unrecognised",
    "unjudged",
    "judged",
  ]);
});

test("reports stand under their days", () => {
  const at = (day: number, hour: number, month = 10) => {
    const created_at = new Date(2026, month, day, hour).toISOString();
    return report({ id: created_at, created_at });
  };
  const reports = [at(27, 10), at(27, 0), at(26, 23), at(25, 12), at(21, 0), at(20, 23), at(1, 5), at(30, 5, 9)];
  const groups = groupsOf(reports, new Date(2026, 10, 27, 11));
  assert.deepEqual(
    groups.map(({ period, reports }) => [period, reports.length]),
    [
      ["today", 2],
      ["yesterday", 1],
      ["week", 2],
      [{ year: 2026, month: 10 }, 2],
      [{ year: 2026, month: 9 }, 1],
    ],
  );
});

test("clock ahead of the service changes no order", () => {
  const later = report({ created_at: new Date(2026, 10, 28, 1).toISOString() });
  assert.equal(groupsOf([later], new Date(2026, 10, 27, 23))[0]?.period, "today");
});

test("id tells its time", () => {
  // The example of the ULID specification.
  assert.equal(timeOf("01ARZ3NDEKTSV4RRFFQ69G5FAV").getTime(), 1469922850259);
});

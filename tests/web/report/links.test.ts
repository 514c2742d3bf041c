import assert from "node:assert/strict";
import { test } from "node:test";

import type { Report } from "../../../web/src/api/client.ts";
import { keepLinks } from "../../../web/src/report/links.ts";
import { report } from "./recorded.ts";

const before = report("whole");
// Its links end at 10:25 and 10:26.
const AT = (time: string) => Date.parse(`2026-11-27T${time}Z`);
const after: Report = {
  ...before,
  title: "Corrected",
  photos: before.photos.map((photo) => ({
    ...photo,
    url: `${photo.url}&new`,
    expires_at: "2026-11-27T10:35:00Z",
    marks: [],
  })),
};
const urls = (shown: Report) => shown.photos.map((photo) => photo.url.endsWith("&new"));

test("links that hold stay", () => {
  const kept = keepLinks(before, after, AT("10:20:00"));
  assert.deepEqual(urls(kept), [false, false]);
  assert.deepEqual(kept.photos.map((photo) => photo.expires_at), before.photos.map((photo) => photo.expires_at));
});

test("all but the links is new", () => {
  const kept = keepLinks(before, after, AT("10:20:00"));
  assert.equal(kept.title, "Corrected");
  assert.deepEqual(kept.photos[0]!.marks, []);
});

test("links about to end are replaced", () => {
  assert.deepEqual(urls(keepLinks(before, after, AT("10:24:30"))), [true, false]);
  assert.deepEqual(urls(keepLinks(before, after, AT("11:00:00"))), [true, true]);
});

test("another report's links are not kept", () => {
  assert.equal(keepLinks(undefined, after, AT("10:20:00")), after);
  assert.equal(keepLinks({ ...before, id: "other" }, after, AT("10:20:00")), after);
});

test("failed report keeps no photos", () => {
  const failed = report("whole", { status: "failed", photos: [] });
  assert.deepEqual(keepLinks(before, failed, AT("10:20:00")).photos, []);
  assert.deepEqual(urls(keepLinks(failed, after, AT("10:20:00"))), [true, true]);
});

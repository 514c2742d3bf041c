import assert from "node:assert/strict";
import { test } from "node:test";

import { percent, price, seconds, workTime } from "../../../web/src/report/figures.ts";
import { byQuarter, marksOn, numberedMarks } from "../../../web/src/report/marks.ts";
import { minutesAsleep, STAGES, stageState } from "../../../web/src/report/stages.ts";
import { report } from "./recorded.ts";

test("only certainty reads as certain", () => {
  assert.deepEqual(
    [0, 0.0001, 0.6, 0.999, 1].map((share) => percent(share, "en")),
    ["0%", "1%", "60%", "99%", "100%"],
  );
  assert.equal(percent(0.6, "fr"), "60\u00a0%");
});

test("small costs keep two figures", () => {
  assert.equal(price(0.000421, "en"), "$0.00042");
  assert.equal(price(0, "en"), "$0.00");
  assert.equal(price(1.234, "en"), "$1.23");
});

test("times have one decimal", () => {
  assert.equal(seconds(1840, "en"), "1.8");
  assert.equal(seconds(0, "fr"), "0,0");
});

test("work time adds reached stages", () => {
  const time = workTime(report("whole").timings_ms!);
  assert.deepEqual(time, { total: 1960, stages: [["photo", 120], ["accept", 40], ["model", 1800]] });
  assert.equal(workTime({}), null);
  assert.equal(workTime(report("older").timings_ms ?? {}), null);
});

test("marks are numbered as listed", () => {
  const marks = numberedMarks(report("corrected"));
  assert.deepEqual(marks.map(({ number, tag }) => [number, tag]), [[1, "chip"], [2, "crack"]]);
});

test("owner's mark is on no photo", () => {
  const marks = numberedMarks(report("corrected"));
  assert.deepEqual(marksOn(marks, 1).map((mark) => mark.tag), ["chip"]);
  assert.deepEqual(marksOn(marks, 2), []);
});

test("unplaced mark is in no quarter", () => {
  const [chip] = numberedMarks(report("whole"));
  assert.deepEqual(byQuarter([chip!, { ...chip!, number: 2, place: null }]), [["top_left", [chip]]]);
});

test("report without condition has no marks", () => {
  assert.deepEqual(numberedMarks(report("whole", { condition: null })), []);
});

test("earlier stages are done", () => {
  assert.deepEqual(STAGES.map((stage) => stageState(stage, "model")), ["done", "now", "next"]);
  assert.deepEqual(STAGES.map((stage) => stageState(stage, null)), ["now", "next", "next"]);
});

test("report waits for a sleeping model", () => {
  const after = (seconds: number) => minutesAsleep("model_pending", seconds * 1000, 7);
  // A model that is awake answers within seconds.
  assert.equal(after(10), null);
  assert.deepEqual([30, 240, 1800].map(after), [7, 3, 1]);
});

test("only a pending answer means sleep", () => {
  assert.equal(minutesAsleep("model_unavailable", 300_000, 7), null);
  assert.equal(minutesAsleep(null, 300_000, 7), null);
  // One model is always running.
  assert.equal(minutesAsleep("model_pending", 300_000, null), null);
});

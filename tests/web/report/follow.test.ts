import assert from "node:assert/strict";
import { test } from "node:test";

import type { Report } from "../../../web/src/api/client.ts";
import { ApiProblem } from "../../../web/src/api/problem.ts";
import { follow } from "../../../web/src/report/follow.ts";
import { report } from "./recorded.ts";

type Step = Report["status"] | Error;
const problem = (status: number, headers: Record<string, string> = {}) =>
  new ApiProblem(new Response("", { status, headers }), {});
const LOST = new TypeError("Failed to fetch");

/** Follow a report whose requests are answered by `steps`, until `leaveAfter` pauses; and what happened. */
async function followed(steps: readonly Step[], leaveAfter = Number.POSITIVE_INFINITY) {
  const left = [...steps];
  const waits: boolean[] = [];
  const shown: string[] = [];
  const pauses: number[] = [];
  const troubles: boolean[] = [];
  const done = follow({
    ask: async (wait) => {
      waits.push(wait);
      const step = left.shift();
      if (step === undefined) throw new Error("asked too often");
      if (step instanceof Error) throw step;
      return report("whole", { status: step });
    },
    show: ({ status }) => shown.push(status),
    trouble: (error) => troubles.push(error !== null),
    pause: async (seconds) => {
      pauses.push(seconds);
      if (pauses.length >= leaveAfter) throw new DOMException("left", "AbortError");
    },
  });
  const error: unknown = await done.then(
    () => null,
    (reason: unknown) => reason,
  );
  return { waits, shown, pauses, troubles, error };
}

test("ended report is asked for once", async () => {
  for (const status of ["succeeded", "failed"] as const) {
    const { waits, shown, pauses } = await followed([status]);
    assert.deepEqual([waits, shown, pauses], [[false], [status], []]);
  }
});

test("only the first look is quick", async () => {
  const { waits, shown } = await followed(["queued", "running", "succeeded"]);
  assert.deepEqual(waits, [false, true, true]);
  assert.deepEqual(shown, ["queued", "running", "succeeded"]);
});

test("quick answers are followed by pauses", async () => {
  const { pauses } = await followed(["running", "running", "running", "succeeded"]);
  assert.equal(pauses.length, 3);
  assert.ok(pauses.every((pause) => pause >= 1));
});

test("lost network is retried ever slower", async () => {
  const { pauses, troubles, shown } = await followed([...Array<Step>(7).fill(LOST), "succeeded"]);
  assert.deepEqual(pauses, [2, 4, 8, 16, 30, 30, 30]);
  assert.deepEqual(troubles, [true, true, true, true, true, true, true, false]);
  assert.deepEqual(shown, ["succeeded"]);
});

test("service says how long to pause", async () => {
  const { pauses } = await followed([problem(429, { "Retry-After": "7" }), problem(503), "succeeded"]);
  assert.deepEqual(pauses, [7, 4]);
});

for (const status of [400, 403, 404, 422]) {
  test(`answer ${status} ends the following`, async () => {
    const { error, pauses } = await followed([problem(status), "succeeded"]);
    assert.equal((error as ApiProblem).status, status);
    assert.deepEqual(pauses, []);
  });
}

test("report deleted meanwhile ends the following", async () => {
  const { shown, error } = await followed(["running", problem(404)]);
  assert.deepEqual(shown, ["running"]);
  assert.equal((error as ApiProblem).status, 404);
});

test("who leaves asks no more", async () => {
  const { waits, error } = await followed(["running", "running", "succeeded"], 1);
  assert.equal(waits.length, 1);
  assert.equal((error as DOMException).name, "AbortError");
});

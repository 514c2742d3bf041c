/** What follows from each answer of the service. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { NO_COMPLAINT, type Complaint } from "../../../web/src/capture/complaint.ts";
import {
  afterEvent,
  canChange,
  type Event,
  FORM_BYTES,
  KEY_LIFE_MS,
  newSubmission,
  nextStep,
  type Progress,
  type Purpose,
  type Submission,
} from "../../../web/src/capture/submission.ts";

const AT = 1_000_000;
const REPORT = "01JD0000000000000000000001";

function submission(bytes = 1000): Submission {
  const photos = ["p1", "p2", "p3"].map((id) => ({ id, type: "image/jpeg", bytes, upload: null }));
  return newSubmission({ id: "S", owner: "u", languages: ["en"], photos, createdAt: AT });
}

function after(...events: readonly Event[]): Submission {
  return events.reduce(afterEvent, submission());
}

function said(more: Partial<Complaint>, of: Purpose = "send", maybeSince: number | null = null): Event {
  return { type: "complaint", at: AT, of, complaint: { ...NO_COMPLAINT, ...more }, photo: null, maybeSince };
}

function answer(status: Progress["status"], at = AT, retryAfter: number | null = null): Event {
  const why = { ...NO_COMPLAINT, code: "model_refused", detail: "why", report: REPORT };
  const failure = status === "failed" ? why : null;
  const progress = { status, stage: null, waiting: null, title: null };
  return { type: "answered", at, report: REPORT, progress, failure, retryAfter };
}

const SENDING: Event = { type: "sending", at: AT };
const LOST: Event = { type: "no_answer", at: AT + 5000, of: "send", begun: AT };

test("photos that fit are sent at once", () => {
  assert.deepEqual(nextStep(submission(), AT), { do: "send" });
});

test("photos over the limit are uploaded", () => {
  const large = submission(FORM_BYTES / 3 + 1);
  assert.equal(nextStep(large, AT).do, "upload");
  const all = ["p1", "p2", "p3"].reduce(
    (one, photo) => afterEvent(one, { type: "uploaded", photo, upload: `U${photo}` }),
    large,
  );
  assert.deepEqual(nextStep(all, AT), { do: "send" });
  assert.equal(nextStep(submission(FORM_BYTES / 3), AT).do, "send");
});

test("gateway's limit switches to uploads", () => {
  assert.equal(nextStep(after(SENDING, said({ status: 413 })), AT).do, "upload");
});

test("lost answer is asked for again", () => {
  const lost = after(SENDING, LOST);
  assert.equal(lost.delay, "network");
  assert.deepEqual(nextStep(lost, lost.notBefore), { do: "send" });
  assert.deepEqual(nextStep(afterEvent(lost, { type: "woken" }), AT + 5001), { do: "send" });
});

test("forgotten key is not sent again", () => {
  const lost = after(SENDING, LOST);
  assert.equal(nextStep(lost, AT + KEY_LIFE_MS).do, "forget");
  const unsure = afterEvent(lost, { type: "forgotten" });
  assert.deepEqual(unsure.stop, { kind: "unsure" });
  assert.equal(canChange(unsure), false);
  // A late answer settles it; the person's word sends it again.
  assert.equal(afterEvent(unsure, answer("running")).report, REPORT);
  assert.equal(nextStep(afterEvent(unsure, { type: "again" }), AT + KEY_LIFE_MS).do, "send");
});

test("first loss starts the key's day", () => {
  const twice = [SENDING, LOST, { type: "sending", at: AT + 60_000 }, { ...LOST, begun: AT + 60_000 }] as const;
  assert.equal(after(...twice).maybeSince, AT);
});

test("a refused request leaves no doubt", () => {
  for (const status of [401, 403, 413, 429]) {
    assert.equal(after(SENDING, said({ status })).maybeSince, null, `${status}`);
    assert.equal(after(SENDING, LOST, said({ status }, "send", AT)).maybeSince, AT, `${status} after a loss`);
  }
});

test("an outage leaves the doubt", () => {
  for (const status of [500, 502, 503, 504]) {
    const { delay, maybeSince, stop } = after(SENDING, said({ status }));
    assert.deepEqual([delay, maybeSince, stop], ["busy", AT, null], `${status}`);
  }
});

test("quota waits until it resets", () => {
  const held = after(SENDING, said({ status: 429, detail: "all 3 reports are used", retryAfter: 3600 }));
  assert.deepEqual([held.delay, held.notBefore], ["quota", AT + 3_600_000]);
  // Neither the network's return nor the page's asks before.
  assert.equal(afterEvent(held, { type: "woken" }), held);
  assert.equal(nextStep(afterEvent(held, { type: "again" }), AT).do, "send");
});

test("throttle waits longer each time", () => {
  const first = after(SENDING, said({ status: 429 }));
  const second = afterEvent(first, said({ status: 429 }));
  assert.deepEqual([first.delay, first.notBefore - AT, second.notBefore - AT], ["busy", 2000, 4000]);
  const many = Array.from({ length: 40 }, () => said({ status: 503 }));
  assert.equal(after(...many).notBefore - AT, 60_000);
});

test("refusal names the photo", () => {
  for (const field of ["images[1]", "upload_ids[1]"]) {
    const { stop } = after(SENDING, said({ status: 415, detail: `${field}: is not a photo`, field }));
    assert.equal(stop?.kind === "refused" && stop.photo, 1);
  }
  const { stop } = after(SENDING, said({ status: 422, detail: "languages: en twice", field: "languages" }));
  assert.equal(stop?.kind === "refused" && stop.photo, null);
});

test("refused photos can be changed", () => {
  assert.equal(canChange(after(SENDING, said({ status: 415, detail: "no" }))), true);
  assert.equal(canChange(after(SENDING, LOST)), false);
  assert.equal(canChange(after(SENDING, answer("running"))), false);
});

test("missing uploads are sent again", () => {
  const gone = said({ status: 422, field: "upload_ids", detail: "no upload" });
  const large = afterEvent({ ...submission(), byUpload: true }, { type: "uploaded", photo: "p1", upload: "U" });
  assert.equal(afterEvent(large, gone).photos[0]?.upload, null);
  const often = [gone, gone, gone, gone].reduce(afterEvent, large);
  assert.equal(often.stop?.kind, "refused");
});

test("request in progress is followed", () => {
  const following = after(SENDING, said({ status: 409, report: REPORT, detail: "still being made" }));
  assert.deepEqual(nextStep(following, AT), { do: "read", waitSeconds: 2 });
  const withdrawn = after(SENDING, said({ status: 409, detail: "still being made", retryAfter: 2 }));
  assert.deepEqual(nextStep(withdrawn, AT + 2000), { do: "send" });
});

test("failed report stops with its reason", () => {
  for (const status of [422, 500, 502]) {
    const { stop } = after(SENDING, said({ status, report: REPORT, code: "model_refused", detail: "why" }));
    assert.equal(stop?.kind, "failed", `${status}`);
  }
  const { stop } = after(SENDING, answer("running"), answer("failed"));
  assert.equal(stop?.kind === "failed" && stop.complaint.detail, "why");
});

test("failed report stays failed", () => {
  const failed = after(SENDING, answer("running"), answer("failed"));
  // Another tab's read of before.
  assert.equal(afterEvent(failed, answer("running")), failed);
  assert.deepEqual(nextStep(afterEvent(failed, { type: "again" }), AT), { do: "send" });
});

test("erased report stops", () => {
  const gone = said({ status: 404, detail: "no report of yours" }, "read");
  assert.deepEqual(after(SENDING, answer("running"), gone).stop, { kind: "erased" });
  // The gateway's own 404 is an outage.
  assert.equal(after(SENDING, answer("running"), said({ status: 404 }, "read")).stop, null);
});

test("lost session waits for the person", () => {
  for (const purpose of ["upload", "send"] as const) {
    assert.equal(after(said({ status: 403 }, purpose)).delay, "signed_out");
  }
  assert.equal(after(SENDING, answer("running"), said({ status: 401 }, "read")).delay, "signed_out");
  // A user who may not call the API is told why.
  assert.equal(after(said({ status: 403, detail: "the account is anonymous" })).stop?.kind, "refused");
});

test("old reports are read less often", () => {
  assert.equal(after(SENDING, answer("queued", AT, 30)).notBefore, 0);
  const later = after(SENDING, answer("running"), answer("queued", AT + 70_000, 30));
  assert.equal(later.notBefore, AT + 100_000);
  assert.deepEqual(nextStep(later, AT + 100_000), { do: "read", waitSeconds: 20 });
});

test("ended submission ignores late events", () => {
  const ended = after(SENDING, answer("running"), answer("succeeded"));
  for (const event of [SENDING, LOST, answer("running"), said({ status: 415 }), { type: "again" } as const]) {
    assert.equal(afterEvent(ended, event), ended);
  }
});

test("late send errors leave a followed report", () => {
  const followed = after(SENDING, answer("running"));
  for (const event of [LOST, said({ status: 415 }), said({ status: 503 })]) {
    assert.equal(afterEvent(followed, event), followed);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { complaintText, NO_COMPLAINT } from "../../../web/src/capture/complaint.ts";
import { type Status, statusOf } from "../../../web/src/capture/status.ts";
import { newSubmission, type Submission } from "../../../web/src/capture/submission.ts";

const NOW = 10_000_000;
const FOLLOWED: Partial<Submission> = { report: "R", acceptedAt: NOW - 60_000 };

function status(change: Partial<Submission>, around: Partial<Parameters<typeof statusOf>[1]> = {}): Status {
  const photos = [{ id: "p", type: "image/jpeg", bytes: 1, upload: null }];
  const submission = newSubmission({ id: "S", owner: "u", languages: ["en"], photos, createdAt: NOW });
  const surroundings = { now: NOW, isOnline: true, isSignedIn: true, startMinutes: 8, ...around };
  return statusOf({ ...submission, ...change }, surroundings);
}

function progress(stage: string | null, waiting: string | null = null, of: "queued" | "running" = "running") {
  return { ...FOLLOWED, progress: { status: of, stage, waiting, title: null } };
}

test("stages are told as they happen", () => {
  const kinds = [
    status({}),
    status({ byUpload: true }),
    status(progress("accept", null, "queued")),
    status(progress("accept")),
    status(progress("model")),
    status(progress("narrate")),
  ].map(({ kind }) => kind);
  assert.deepEqual(kinds, ["sending", "uploading", "queued", "accepted", "looking", "wording"]);
});

test("sleeping model names its minutes", () => {
  assert.deepEqual(status(progress("model", "model_pending")), { kind: "asleep", minutes: 7 });
  const long = { ...progress("model", "model_pending"), acceptedAt: NOW - 3_600_000 };
  assert.deepEqual(status(long), { kind: "asleep", minutes: 1 });
  // An endpoint that is awake is asked in the same way for some seconds.
  assert.equal(status({ ...progress("model", "model_pending"), acceptedAt: NOW - 5000 }).kind, "looking");
  assert.equal(status(progress("model", "model_pending"), { startMinutes: null }).kind, "looking");
});

test("hindrances come before stages", () => {
  assert.equal(status(progress("model"), { isOnline: false }).kind, "waits_for_network");
  assert.equal(status({}, { isSignedIn: false }).kind, "signed_out");
  assert.deepEqual(status({ delay: "network", notBefore: NOW + 2000 }), { kind: "no_answer", at: NOW + 2000 });
  assert.deepEqual(status({ delay: "quota", notBefore: NOW + 9000 }), { kind: "quota", at: NOW + 9000 });
  assert.equal(status({ delay: "busy", notBefore: NOW - 1 }).kind, "sending");
  assert.equal(status({ stop: { kind: "unsure" } }, { isOnline: false }).kind, "unsure");
});

test("complaint reads as sentences", () => {
  const detail = "images[1]: is cut short or damaged.";
  assert.equal(
    complaintText({ ...NO_COMPLAINT, detail, remedy: "Send the whole file again" }, {}),
    "Is cut short or damaged. Send the whole file again.",
  );
  assert.equal(complaintText({ ...NO_COMPLAINT, code: "too_large" }, { too_large: "Over 25 MB." }), "Over 25 MB.");
  assert.equal(complaintText({ ...NO_COMPLAINT, status: 418 }, { refused: "Refused." }), "Refused.");
});

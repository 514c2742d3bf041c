/** What the service and the gateway answer, as documented in docs/openapi.json, becomes the right event. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { apiClient } from "../../../web/src/api/client.ts";
import { SignedOut } from "../../../web/src/auth/session.ts";
import { Requests } from "../../../web/src/capture/requests.ts";
import { newSubmission, type Event } from "../../../web/src/capture/submission.ts";

const PHOTO = { id: "p", type: "image/jpeg", bytes: 1, upload: "U" };
const SUBMISSION = {
  ...newSubmission({ id: "S", owner: "u", languages: ["fr", "en"], photos: [PHOTO], createdAt: 1 }),
  byUpload: true,
};
const REPORT = {
  ...{ id: "R", status: "running", stage: "model", waiting_code: "model_pending" },
  ...{ title: null, failure: null },
};

function problem(status: number, document: object, headers: Record<string, string> = {}): Response {
  return Response.json(document, { status, headers: { ...headers, "Content-Type": "application/problem+json" } });
}

async function sent(answer: Response | Error, token: () => Promise<string> = async () => "t") {
  const seen: Request[] = [];
  const before = globalThis.fetch;
  globalThis.fetch = async (request) => {
    seen.push((request as Request).clone());
    if (answer instanceof Error) throw answer;
    return answer.clone();
  };
  try {
    const tokens = { current: token, renewed: token };
    const api = apiClient({ base: "http://vitrine.test/api", tokens, language: () => "fr", onUnreachable: () => {} });
    const event = await new Requests(api).send(SUBMISSION, [], () => {});
    return { event, seen };
  } finally {
    globalThis.fetch = before;
  }
}

async function complained(answer: Response) {
  const { event } = await sent(answer);
  assert.equal(event.type, "complaint");
  return (event as Extract<Event, { type: "complaint" }>).complaint;
}

test("request carries key and preferences", async () => {
  const { seen, event } = await sent(Response.json(REPORT, { status: 202, headers: { "Retry-After": "5" } }));
  const { headers, url } = seen[0]!;
  assert.equal(url, "http://vitrine.test/api/analyze");
  assert.deepEqual([headers.get("Idempotency-Key"), headers.get("Prefer")], ["S", "respond-async"]);
  assert.deepEqual(await seen[0]!.json(), { upload_ids: ["U"], languages: ["fr", "en"] });
  assert.equal(event.type === "answered" && event.report, "R");
  assert.deepEqual(event.type === "answered" && event.progress, {
    ...{ status: "running", stage: "model", waiting: "model_pending", title: null },
  });
  assert.equal(event.type === "answered" && event.retryAfter, 5);
});

test("failed report brings its reason", async () => {
  const failure = { code: "model_refused", reason: "the photo is refused" };
  const { event } = await sent(Response.json({ ...REPORT, status: "failed", failure }));
  assert.equal(event.type === "answered" && event.failure?.detail, "the photo is refused");
});

test("problem keeps field, remedy and delay", async () => {
  const detail = "images[1]: is cut short or damaged. Send the whole file again";
  const document = { status: 422, detail, field: "images[1]", remedy: "Send the whole file again" };
  const said = await complained(problem(422, document, { "Retry-After": "7" }));
  assert.deepEqual(
    [said.detail, said.remedy, said.field, said.retryAfter],
    ["images[1]: is cut short or damaged.", "Send the whole file again", "images[1]", 7],
  );
});

test("gateway's own answers have no detail", async () => {
  const answers = [
    Response.json({ message: "Too Many Requests" }, { status: 429 }),
    new Response("Request Too Long", { status: 413, headers: { "Content-Type": "text/plain" } }),
    new Response(null, { status: 503 }),
    new Response("<html>Bad gateway</html>", { status: 502 }),
  ];
  for (const answer of answers) {
    const { detail, status } = await complained(answer);
    assert.deepEqual([status, detail], [answer.status, ""]);
  }
});

test("anything else is no answer", async () => {
  const answers = [
    new TypeError("Failed to fetch"),
    new DOMException("timeout", "TimeoutError"),
    // A sign-in page of a public network.
    new Response("<html>Welcome</html>", { headers: { "Content-Type": "text/html" } }),
    Response.json([]),
  ];
  for (const answer of answers) {
    const { event } = await sent(answer);
    assert.equal(event.type, "no_answer", String(answer));
    assert.ok(event.type === "no_answer" && event.begun <= event.at);
  }
});

test("signed-out person is a refusal", async () => {
  const { event, seen } = await sent(Response.json(REPORT), () => Promise.reject(new SignedOut()));
  assert.deepEqual([event.type === "complaint" && event.complaint.status, seen.length], [401, 0]);
});

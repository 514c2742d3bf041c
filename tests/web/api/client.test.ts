import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { ApiProblem, apiClient, dataOf } from "../../../web/src/api/client.ts";
import { problemText } from "../../../web/src/api/problem-text.ts";
import { frame } from "../../../web/src/i18n/en/frame.ts";

type Sent = { readonly token: string | null; readonly language: string | null; readonly body: string };

afterEach(() => mock.restoreAll());

/** A client whose API answers `statuses` in turn, and what it sent. */
function clientOf(statuses: readonly number[], body: string = "{}", headers: Record<string, string> = {}) {
  const sent: Sent[] = [];
  const lost = mock.fn();
  const left = [...statuses];
  mock.method(globalThis, "fetch", async (request: Request) => {
    sent.push({
      token: request.headers.get("Authorization"),
      language: request.headers.get("Accept-Language"),
      body: await request.text(),
    });
    const status = left.shift();
    if (status === undefined) throw new TypeError("Failed to fetch");
    return new Response(body, { status, headers: { "Content-Type": "application/json", ...headers } });
  });
  const tokens = { current: async () => "first", renewed: async (refused: string) => `${refused} renewed` };
  const api = apiClient({
    base: "https://vitrine.example/api",
    tokens,
    language: () => "fr",
    onUnreachable: lost,
  });
  return { api, sent, lost };
}

test("requests carry token and language", async () => {
  const { api, sent } = clientOf([200]);
  await api.GET("/reports");
  assert.deepEqual(sent, [{ token: "Bearer first", language: "fr", body: "" }]);
});

for (const status of [401, 403]) {
  test(`token refused by ${status} is renewed once`, async () => {
    const { api, sent } = clientOf([status, 200]);
    const answer = await api.PATCH("/reports/{report_id}", {
      params: { path: { report_id: "r" } },
      body: { title: "Lamp" } as never,
    });
    assert.equal(answer.response.status, 200);
    assert.deepEqual(
      sent.map(({ token, body }) => [token, body]),
      [
        ["Bearer first", '{"title":"Lamp"}'],
        ["Bearer first renewed", '{"title":"Lamp"}'],
      ],
    );
  });
}

test("second refusal is the answer", async () => {
  const { api, sent } = clientOf([403, 403]);
  const answer = await api.GET("/reports");
  assert.throws(() => dataOf(answer), { name: "ApiProblem", status: 403 });
  assert.equal(sent.length, 2);
});

test("lost network is reported", async () => {
  const { api, lost } = clientOf([]);
  await assert.rejects(api.GET("/reports"), TypeError);
  assert.equal(lost.mock.callCount(), 1);
});

test("problem document keeps detail and remedy", async () => {
  const problem = { code: "quota_exceeded", detail: "The quota is used up.", remedy: "Try tomorrow.", report: "r1" };
  const { api } = clientOf([429], JSON.stringify(problem), { "Retry-After": "60" });
  const answer = await api.GET("/reports");
  assert.throws(
    () => dataOf(answer),
    (error) => {
      assert.ok(error instanceof ApiProblem);
      assert.deepEqual(
        [error.code, error.detail, error.remedy, error.report, error.retryAfter],
        ["quota_exceeded", "The quota is used up.", "Try tomorrow.", "r1", 60],
      );
      assert.deepEqual(problemText(error, frame), {
        title: "The quota is used up.",
        detail: "Try tomorrow.",
        lang: "en",
      });
      return true;
    },
  );
});

test("gateway's plain text is told in the page's words", async () => {
  const { api } = clientOf([413], "Request Entity Too Large", { "Content-Type": "text/plain" });
  const answer = await api.GET("/reports");
  assert.throws(
    () => dataOf(answer),
    (error) => problemText(error, frame).title === frame.refused(413),
  );
});

test("errors without an answer are told in the page's words", () => {
  const unavailable = new ApiProblem(new Response("", { status: 503 }), {});
  assert.equal(problemText(unavailable, frame).title, frame.unreachable);
  assert.equal(problemText(new TypeError("Failed to fetch"), frame).title, frame.unreachable);
  assert.equal(problemText(new RangeError("a secret"), frame).title, frame.failed);
});

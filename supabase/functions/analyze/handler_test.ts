import { handler } from "./handler.ts";

const API = "https://api.vitrine.test/base/";
const BY = { service: "analyze-function", environment: "test", version: "1" };
const UPLOADS = { upload_ids: ["01JDJ5V8T0000000000000000A"] };

function equal(found: unknown, due: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(due)) {
    throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(due)}`);
  }
}

function asked(body: unknown = UPLOADS, headers: Record<string, string> = { authorization: "Bearer token" }): Request {
  return new Request("http://localhost/analyze", { method: "POST", headers, body: JSON.stringify(body) });
}

function vitrine(answer: Response): { send: typeof fetch; requests: [string, RequestInit][] } {
  const requests: [string, RequestInit][] = [];
  const send = (url: unknown, init: unknown) => {
    requests.push([String(url), init as RequestInit]);
    return Promise.resolve(answer);
  };
  return { send: send as typeof fetch, requests };
}

const never = (() => {
  throw new Error("was sent on");
}) as typeof fetch;

Deno.test("the caller's token and key go on, and nothing else of theirs", async () => {
  const { send, requests } = vitrine(Response.json({ id: "R" }));
  const headers = { authorization: "Bearer token", "idempotency-key": "k", cookie: "c", apikey: "a" };
  await handler(API, BY, send)(asked(UPLOADS, headers));
  const [url, init] = requests[0];
  equal(url, "https://api.vitrine.test/base/analyze");
  equal(init.body, JSON.stringify(UPLOADS));
  const { traceparent, ...others } = Object.fromEntries(new Headers(init.headers));
  equal(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/.test(traceparent), true);
  equal(others, { authorization: "Bearer token", "content-type": "application/json", "idempotency-key": "k" });
});

Deno.test("the caller's trace goes on, from a span of this function", async () => {
  const { send, requests } = vitrine(Response.json({ id: "R" }));
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  await handler(API, BY, send)(
    asked(UPLOADS, { authorization: "Bearer token", traceparent: `00-${trace}-00f067aa0ba902b7-00` }),
  );
  const sent = new Headers(requests[0][1].headers).get("traceparent") ?? "";
  equal([sent.slice(0, 36), sent.slice(-3), sent.includes("00f067aa0ba902b7")], [`00-${trace}-`, "-00", false]);
});

Deno.test("a report comes back as it is", async () => {
  const { send } = vitrine(Response.json({ id: "R", status: "succeeded" }));
  const answer = await handler(API, BY, send)(asked());
  equal([answer.status, await answer.json()], [200, { id: "R", status: "succeeded" }]);
});

Deno.test("of a report to come, the whole address comes back", async () => {
  const { send } = vitrine(
    new Response("{}", { status: 202, headers: { location: "reports/R", "retry-after": "5" } }),
  );
  const { status, headers } = await handler(API, BY, send)(asked());
  equal([status, headers.get("location"), headers.get("retry-after")], [
    202,
    "https://api.vitrine.test/base/reports/R",
    "5",
  ]);
});

Deno.test("a problem comes back with its status", async () => {
  const { send } = vitrine(
    new Response("{}", { status: 422, headers: { "content-type": "application/problem+json" } }),
  );
  const answer = await handler(API, BY, send)(asked());
  equal([answer.status, answer.headers.get("content-type")], [422, "application/problem+json"]);
});

for (
  const body of [null, {}, { upload_ids: [] }, { upload_ids: "x" }, { upload_ids: [1] }, {
    upload_ids: Array(9).fill("x"),
  }]
) {
  Deno.test(`no ids of uploads: ${JSON.stringify(body)}`, async () => {
    equal((await handler(API, BY, never)(asked(body))).status, 422);
  });
}

Deno.test("without a token nothing is sent on", async () => {
  equal((await handler(API, BY, never)(asked(UPLOADS, {}))).status, 401);
});

Deno.test("Vitrine away is a 503 that says when to try again", async () => {
  const away = (() => Promise.reject(new TypeError("refused"))) as typeof fetch;
  const answer = await handler(API, BY, away)(asked());
  equal([answer.status, answer.headers.get("retry-after")], [503, "30"]);
});

Deno.test("a browser may ask first", async () => {
  const answer = await handler(API, BY, never)(new Request("http://localhost/analyze", { method: "OPTIONS" }));
  equal([answer.status, answer.headers.get("access-control-allow-methods")], [204, "POST"]);
});

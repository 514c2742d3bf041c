// Starts an analysis for the caller: passes their token on to Vitrine, which checks it.
import { log, type Writer } from "../_shared/log.ts";
import { continued, type Span, traceparent } from "../_shared/trace.ts";

const BODY_LIMIT = 4096;
const SENT_ON = ["authorization", "idempotency-key", "accept-language", "prefer"];
const PASSED_BACK = [
  "cache-control",
  "content-type",
  "idempotent-replayed",
  "preference-applied",
  "retry-after",
  "server-timing",
  "timing-allow-origin",
];
const CORS = {
  "access-control-allow-origin": "*", // a token is needed, and no cookie is
  "access-control-allow-headers": 
    "accept-language, apikey, authorization, content-type, idempotency-key, prefer, traceparent, x-client-info",
  "access-control-allow-methods": "POST",
  "access-control-expose-headers":
    "idempotent-replayed, location, preference-applied, retry-after, server-timing",
};

/**
 * Returns the handler of the function: takes `{"upload_ids": […]}`, returns Vitrine's answer: 200 with the report, or
 * 202 with its Location. `api` is the address of Vitrine's API; `by` writes a line per request, in the caller's trace,
 * which Vitrine continues.
 */
export function handler(api: string, by: Writer, send: typeof fetch = fetch): (request: Request) => Promise<Response> {
  const base = api.replace(/\/+$/, "");
  return async (request) => {
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: CORS });
    const began = performance.now();
    const span = continued(request.headers);
    const answer = await answered(request, base, span, send);
    const { status } = answer;
    const outcome = status < 400 ? "done" : status < 500 ? "refused" : "failed";
    const level = status < 500 ? "INFO" : "ERROR";
    log(by, span, began, { level, message: "analysis passed on", outcome, status });
    return answer;
  };
}

async function answered(request: Request, base: string, span: Span, send: typeof fetch): Promise<Response> {
  if (request.method !== "POST") return problem(405, "POST upload_ids");
  if (!request.headers.get("authorization")) return problem(401, "an access token is needed");
  const ids = uploadIds(await request.text());
  if (ids === null) return problem(422, 'send {"upload_ids": […]} with 1 to 8 ids');
  const headers = new Headers({ "content-type": "application/json", traceparent: traceparent(span) });
  for (const name of SENT_ON) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  let answer: Response;
  try {
    answer = await send(`${base}/analyze`, {
      method: "POST",
      headers,
      body: JSON.stringify({ upload_ids: ids }),
      signal: AbortSignal.timeout(29_000), // the gateway gives up after 30 s
    });
  } catch {
    return problem(503, "Vitrine does not answer; try again", { "retry-after": "30" });
  }
  const back = new Headers(CORS);
  for (const name of PASSED_BACK) {
    const value = answer.headers.get(name);
    if (value !== null) back.set(name, value);
  }
  const location = answer.headers.get("location");
  if (location !== null) back.set("location", new URL(location, `${base}/analyze`).href);
  return new Response(answer.body, { status: answer.status, headers: back });
}

function uploadIds(body: string): string[] | null {
  if (body.length > BODY_LIMIT) return null;
  try {
    const ids = JSON.parse(body)?.upload_ids;
    const fits = Array.isArray(ids) && ids.length >= 1 && ids.length <= 8 && ids.every((id) => typeof id === "string");
    return fits ? ids : null;
  } catch {
    return null;
  }
}

function problem(status: number, detail: string, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ type: "about:blank", status, detail }), {
    status,
    headers: { ...CORS, ...headers, "content-type": "application/problem+json" },
  });
}

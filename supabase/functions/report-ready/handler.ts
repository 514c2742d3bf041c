// Answers one delivery: verifies and applies it, and says whether it took effect.
import { type Ended, log, type Writer } from "../_shared/log.ts";
import { continued, type Span, traceparent } from "../_shared/trace.ts";
import { Refused, type ReportEvent, verified } from "./event.ts";

const BODY_LIMIT = 512 * 1024;

/** Applies the event in a trace; returns false if it, or a newer one, was applied before. */
export type Apply = (event: ReportEvent, traceparent: string) => Promise<boolean>;

/**
 * Returns the handler of the function. 200 ends a delivery, also a repeated one; after another status Vitrine retries.
 * Neither answers nor logs, which `by` writes, hold the event's content.
 */
export function handler(secret: string, apply: Apply, by: Writer): (request: Request) => Promise<Response> {
  return async (request) => {
    const began = performance.now();
    const span = continued(request.headers);
    const { content, ...ended } = await taken(request, span, secret, apply);
    log(by, span, began, ended);
    return Response.json(content, { status: ended.status });
  };
}

type Taken = Ended & { readonly content: Record<string, unknown> };

async function taken(request: Request, span: Span, secret: string, apply: Apply): Promise<Taken> {
  if (request.method !== "POST") return refused(405, "POST an event");
  const body = await request.text();
  if (body.length > BODY_LIMIT) return refused(413, `more than ${BODY_LIMIT} characters`);
  let event: ReportEvent;
  try {
    event = verified(body, request.headers, secret);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return refused(error.status, error.message);
  }
  const report = event.report.id;
  try {
    const applied = await apply(event, traceparent(span));
    const outcome = applied ? "done" : "repeated";
    return { level: "INFO", message: "event taken", outcome, status: 200, facts: { report }, content: { applied } };
  } catch (error) {
    const kind = (error as { code?: string }).code ?? (error as Error).name;
    const content = { error: "not applied; send it again" };
    const facts = { report, error: kind };
    return { level: "ERROR", message: "event not applied", outcome: "failed", status: 503, facts, content };
  }
}

function refused(status: number, reason: string): Taken {
  const facts = { reason };
  const content = { error: reason };
  return { level: "WARNING", message: "event refused", outcome: "refused", status, facts, content };
}

// Answers one delivery: verifies and applies it, and says whether it took effect.
import { Refused, type ReportEvent, verified } from "./event.ts";

const BODY_LIMIT = 512 * 1024;

/** Applies the event; returns false if it, or a newer one, was applied before. */
export type Apply = (event: ReportEvent) => Promise<boolean>;

/**
 * Returns the handler of the function. 200 ends a delivery, also a repeated one; after another status Vitrine retries.
 * Neither answers nor logs hold the event's content.
 */
export function handler(secret: string, apply: Apply): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== "POST") return answer(405, { error: "POST an event" });
    const body = await request.text();
    if (body.length > BODY_LIMIT) return answer(413, { error: `more than ${BODY_LIMIT} characters` });
    let event: ReportEvent;
    try {
      event = verified(body, request.headers, secret);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return answer(error.status, { error: error.message });
    }
    try {
      const applied = await apply(event);
      log("info", "event taken", { report: event.report.id, applied });
      return answer(200, { applied });
    } catch (error) {
      const code = (error as { code?: string }).code ?? (error as Error).name;
      log("error", "event not applied", { report: event.report.id, code });
      return answer(503, { error: "not applied; send it again" });
    }
  };
}

function answer(status: number, content: Record<string, unknown>): Response {
  return Response.json(content, { status });
}

function log(level: string, message: string, facts: Record<string, unknown>): void {
  console.log(JSON.stringify({ level, message, service: "report-ready", ...facts }));
}

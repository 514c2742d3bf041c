// Reads the event that Vitrine sends when a report ends or is erased, and verifies that Vitrine sent it.
import { Webhook } from "standardwebhooks";

/** A report's owner, the row of `analyses` that asked for it, and when it ended or was erased. */
interface Happened {
  owner: string;
  analysis: string | null;
  report: { id: string; [field: string]: unknown };
  at: string;
}

/** A report that has ended, or one that was erased, of which only the id is left. */
export type ReportEvent = Happened & ({ kind: "ended"; succeeded: boolean } | { kind: "erased" });

/** The request is not a signed event of Vitrine's; `status` is the answer to its sender. */
export class Refused extends Error {
  constructor(readonly status: number, reason: string) {
    super(reason);
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const REPORT_ID = /^[0-9A-Za-z_-]{1,64}$/;

/**
 * Returns the event in a body that one of the keys in `secret` has signed; white space separates the keys, of which
 * two are valid during a rotation. Throws Refused: 401 for a wrong or old signature, 400 for another body.
 */
export function verified(body: string, headers: Headers, secret: string): ReportEvent {
  const signed = Object.fromEntries(headers);
  const keys = secret.split(/\s+/).filter((key) => key !== "");
  if (!keys.some((key) => holds(key, body, signed))) {
    throw new Refused(401, "no signature that holds, or too old");
  }
  return parsed(body);
}

function holds(key: string, body: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(key).verify(body, headers);
    return true;
  } catch {
    return false; // the library's reasons are all one to the sender
  }
}

function parsed(body: string): ReportEvent {
  const { type, timestamp, data } = JSON.parse(body) ?? {};
  const known = ["report.succeeded", "report.failed", "report.erased"].includes(type);
  const analysis = data?.analysis ?? null;
  if (
    !known || Number.isNaN(Date.parse(timestamp)) || !UUID.test(data?.owner) ||
    (analysis !== null && !UUID.test(analysis)) || !REPORT_ID.test(data?.report?.id)
  ) {
    throw new Refused(400, "not an event of a report");
  }
  const happened = { owner: data.owner, analysis, report: data.report, at: timestamp };
  return type === "report.erased"
    ? { ...happened, kind: "erased" }
    : { ...happened, kind: "ended", succeeded: type === "report.succeeded" };
}

// One line of JSON per request, with the fields that the lines of Vitrine's services have.
import { configuredSender, Misconfigured, type Sender, type Variables } from "./send.ts";
import type { Span } from "./trace.ts";

/** Who writes the lines: the function, the environment that it belongs to, and its version. */
export interface Writer {
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  /** Sends the lines to Vitrine, beside the console. */
  readonly sender?: Sender;
}

/**
 * The writer of a function's lines. The project's secrets may name environment and version, and where the lines are
 * sent; what is wrong with the latter is a line, and nothing is sent.
 */
export function writer(service: string, variables: Variables = Deno.env): Writer {
  const named = (name: string) => variables.get(name)?.trim() || "none";
  const by = { service, environment: named("VITRINE_ENVIRONMENT"), version: named("VITRINE_VERSION") };
  try {
    return { ...by, sender: configuredSender(variables) };
  } catch (error) {
    if (!(error instanceof Misconfigured)) throw error;
    console.log(line(by, new Date(), "WARNING", "lines are not sent", { reason: error.message }));
    return by;
  }
}

/** What a request came to. */
export interface Ended {
  readonly level: "INFO" | "WARNING" | "ERROR";
  readonly message: string;
  readonly outcome: "done" | "repeated" | "refused" | "failed";
  readonly status: number;
  /** Fields that services/core/log_schema.json lists. */
  readonly facts?: Record<string, unknown>;
}

/**
 * Writes the line of a request that began at `began` of performance.now() to the console, and sends it after the
 * response. Its `counts` say how many earlier lines were not taken.
 */
export function log(by: Writer, span: Span, began: number, ended: Ended): void {
  const { level, message, outcome, status, facts } = ended;
  const counts = by.sender?.unsent();
  const now = new Date();
  const text = line(by, now, level, message, {
    trace: span.trace,
    span: span.id,
    ...(span.parent === null ? {} : { parent: span.parent }),
    outcome,
    status,
    duration_ms: Math.round((performance.now() - began) * 10) / 10,
    ...facts,
    ...(counts === undefined ? {} : { counts }),
  });
  console.log(text);
  by.sender?.post(text, now, level, counts);
}

function line(by: Writer, at: Date, level: Ended["level"], message: string, fields: Record<string, unknown>): string {
  const { service, environment, version } = by;
  const time = at.toISOString();
  return JSON.stringify({ time, level, logger: service, message, service, environment, version, ...fields });
}

// One line of JSON per request, with the fields that the lines of Vitrine's services have.
import type { Span } from "./trace.ts";

/** Who writes the lines: the function, the environment that it belongs to, and its version. */
export interface Writer {
  readonly service: string;
  readonly environment: string;
  readonly version: string;
}

/** The writer of a function's lines; the project's secrets may name environment and version. */
export function writer(service: string): Writer {
  const named = (name: string) => Deno.env.get(name)?.trim() || "none";
  return { service, environment: named("VITRINE_ENVIRONMENT"), version: named("VITRINE_VERSION") };
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

/** Writes the line of a request that began at `began` of performance.now(). */
export function log(by: Writer, span: Span, began: number, ended: Ended): void {
  const { level, message, outcome, status, facts } = ended;
  console.log(JSON.stringify({
    time: new Date().toISOString(),
    level,
    logger: by.service,
    message,
    ...by,
    trace: span.trace,
    span: span.id,
    ...(span.parent === null ? {} : { parent: span.parent }),
    outcome,
    status,
    duration_ms: Math.round((performance.now() - began) * 10) / 10,
    ...facts,
  }));
}

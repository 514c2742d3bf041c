/** Errors of the API: problem documents (RFC 9457), or what a gateway answers in their place. */
import type { components } from "./schema.ts";

/** An answer other than success. `detail` and `remedy` are the service's words, empty where it gave none. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly status: number;
  readonly code: string | null;
  readonly detail: string;
  readonly remedy: string;
  readonly field: string | null;
  /** The report that the problem is about, if there is one. */
  readonly report: string | null;
  /** Seconds to wait before the request is sent again, if the answer says so. */
  readonly retryAfter: number | null;

  constructor(response: Response, problem: Partial<components["schemas"]["Problem"]>) {
    super(problem.detail ?? `${response.status}`);
    this.status = response.status;
    this.code = problem.code ?? null;
    this.detail = problem.detail ?? "";
    this.remedy = problem.remedy ?? "";
    this.field = problem.field ?? null;
    this.report = problem.report ?? null;
    const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
    this.retryAfter = Number.isFinite(seconds) ? seconds : null;
  }
}

/** Return the problem of an answer; `error` is its body, parsed or as text. */
export function problemOf(response: Response, error: unknown): ApiProblem {
  const isObject = typeof error === "object" && error !== null;
  return new ApiProblem(response, isObject ? (error as Partial<components["schemas"]["Problem"]>) : {});
}

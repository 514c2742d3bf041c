/** What the page says of an error, any error. */
import { ApiProblem } from "./problem.ts";
import type { Words } from "../i18n/index.ts";

export interface ProblemText {
  readonly title: string;
  readonly detail: string;
  /** The language, where it is not the page's. */
  readonly lang?: "en";
}

/** Return what an error says: the service's detail and remedy, which are English, or the page's words. */
export function problemText(error: unknown, words: Words["frame"]): ProblemText {
  if (error instanceof ApiProblem && error.detail) return { title: error.detail, detail: error.remedy, lang: "en" };
  if (error instanceof ApiProblem && error.status < 500) {
    return { title: words.refused(error.status), detail: words.refusedRemedy };
  }
  // fetch rejects by a TypeError where no answer came.
  if (error instanceof ApiProblem || error instanceof TypeError) {
    return { title: words.unreachable, detail: words.unreachableRemedy };
  }
  return { title: words.failed, detail: words.failedRemedy };
}

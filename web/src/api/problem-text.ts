/** What the page says of an error, any error. */
import { ApiProblem } from "./problem.ts";
import type { Words } from "../i18n/index.ts";

/** Return what an error says: the service's detail and remedy, or the page's words. */
export function problemText(error: unknown, words: Words["frame"]): { title: string; detail: string } {
  if (error instanceof ApiProblem && error.detail) return { title: error.detail, detail: error.remedy };
  if (error instanceof ApiProblem && error.status < 500) {
    return { title: words.refused(error.status), detail: words.refusedRemedy };
  }
  // fetch rejects by a TypeError where no answer came.
  if (error instanceof ApiProblem || error instanceof TypeError) {
    return { title: words.unreachable, detail: words.unreachableRemedy };
  }
  return { title: words.failed, detail: words.failedRemedy };
}

/** What the service, or the page itself, finds wrong with a submission. */
import type { ApiProblem } from "../api/problem.ts";

/** An error. One that the page itself finds has a `code` alone. */
export type Complaint = Pick<
  ApiProblem,
  "status" | "code" | "detail" | "remedy" | "field" | "report" | "retryAfter"
>;

/** A complaint that says nothing. */
export const NO_COMPLAINT: Complaint = {
  status: 0,
  code: null,
  detail: "",
  remedy: "",
  field: null,
  report: null,
  retryAfter: null,
};

/** Return what a person is told; `faults` are the page's own words by code. */
export function complaintText({ detail, remedy, code }: Complaint, faults: Readonly<Record<string, string>>): string {
  // A detail begins with the field's name, which is not a word of the person's.
  const problem = detail.replace(/^[a-z_]+(\[\d+\])?: /, "");
  if (problem === "") return faults[code ?? ""] ?? faults["refused"] ?? "";
  return [problem, remedy].filter(Boolean).map(sentence).join(" ");
}

function sentence(text: string): string {
  const ended = /[.!?…]$/.test(text) ? text : `${text}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}

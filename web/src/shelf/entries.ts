/** What the shelf shows of a report: its title, how far it is, and the day under which it stands. */
import type { ListedReport } from "../api/client.ts";

/** How far a report is, and what was found of its condition. */
export type Standing =
  | { readonly kind: "judged"; readonly grade: string; readonly score: number }
  | { readonly kind: "unjudged" | "unrecognised" | "failed" }
  | { readonly kind: "making"; readonly stage: "accept" | "model" | "narrate"; readonly isWaiting: boolean };

/** Whether the report is still being made. */
export function isUnfinished({ status }: Pick<ListedReport, "status">): boolean {
  return status === "queued" || status === "running";
}

/** Return the title and its language: the reader's where the report has it. Null: a report without a result. */
export function titleOf(report: ListedReport, language: string): { text: string; lang: string } | null {
  const other = report.language === language ? undefined : report.translations?.[language];
  const text = other?.title ?? report.title;
  return text ? { text, lang: other ? language : report.language } : null;
}

/** Return how far the report is, its grade in the language of `titleOf`. */
export function standingOf(report: ListedReport, language: string): Standing {
  if (isUnfinished(report)) {
    const isWaiting = report.status === "queued" && report.waiting_code === "model_unavailable";
    return { kind: "making", stage: report.stage ?? "accept", isWaiting };
  }
  if (report.status === "failed") return { kind: "failed" };
  const { condition, product } = report;
  if (product?.type === "unknown") return { kind: "unrecognised" };
  if (condition?.score === null || condition?.score === undefined) return { kind: "unjudged" };
  const other = report.language === language ? undefined : report.translations?.[language];
  const labels = other ? other.labels : report.labels;
  return { kind: "judged", grade: labels?.grade ?? condition.grade ?? "", score: condition.score };
}

/** Reports of one heading. `year` and `month` (from 0) are of a month before this week. */
export interface Group {
  readonly key: string;
  readonly period: "today" | "yesterday" | "week" | { readonly year: number; readonly month: number };
  readonly reports: readonly ListedReport[];
}

const DAY_MS = 86_400_000;

/** Return the reports by day and month in the reader's time zone, in their order. */
export function groupsOf(reports: readonly ListedReport[], now: Date): Group[] {
  const groups: { key: string; period: Group["period"]; reports: ListedReport[] }[] = [];
  for (const report of reports) {
    const period = periodOf(new Date(report.created_at), now);
    const key = typeof period === "string" ? period : `${period.year}-${period.month}`;
    const last = groups.at(-1);
    if (last?.key === key) last.reports.push(report);
    else groups.push({ key, period, reports: [report] });
  }
  return groups;
}

function periodOf(at: Date, now: Date): Group["period"] {
  // By whole days: a day with a change of the clock has 23 or 25 hours.
  const days = Math.round((startOfDay(now) - startOfDay(at)) / DAY_MS);
  if (days <= 0) return "today";
  if (days === 1) return "yesterday";
  if (days < 7) return "week";
  return { year: at.getFullYear(), month: at.getMonth() };
}

function startOfDay(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Return when a report with this id was accepted: an id begins with its time (ULID). */
export function timeOf(id: string): Date {
  return new Date([...id.slice(0, 10)].reduce((sum, digit) => sum * 32 + CROCKFORD.indexOf(digit), 0));
}

/** Times, sums and shares as the reader's language writes them. */
import type { Report } from "../api/client.ts";
import { localeOf } from "../i18n/locale.ts";

/** Return a moment with its time of day, in the reader's time zone. */
export function moment(iso: string, language: string): string {
  return new Intl.DateTimeFormat(localeOf(language), { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** Return the day of a moment, in the reader's time zone. */
export function day(iso: string, language: string): string {
  return new Intl.DateTimeFormat(localeOf(language), { dateStyle: "medium" }).format(new Date(iso));
}

/** Return a probability as whole per cent. Below 100 % it never reads as certain, nor above 0 % as impossible. */
export function percent(share: number, language: string): string {
  const whole = share <= 0 || share >= 1 ? share : Math.min(Math.max(share, 0.01), 0.99);
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(whole);
}

/** Return a price in US dollars; of less than a cent the first two figures. */
export function price(dollars: number, language: string): string {
  return new Intl.NumberFormat(language, {
    style: "currency",
    currency: "USD",
    ...(dollars > 0 && dollars < 0.01 ? { maximumSignificantDigits: 2 } : {}),
  }).format(dollars);
}

/** Return seconds with one decimal. */
export function seconds(milliseconds: number, language: string): string {
  return new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(
    milliseconds / 1000,
  );
}

export const STAGE_TIMES = ["photo", "accept", "model", "narrate"] as const;

/** Return the milliseconds of each stage that was reached, and their sum; null: none was measured. */
export function workTime(
  times: NonNullable<Report["timings_ms"]>,
): { total: number; stages: [(typeof STAGE_TIMES)[number], number][] } | null {
  const stages = STAGE_TIMES.flatMap((stage): [(typeof STAGE_TIMES)[number], number][] => {
    const time = times[stage];
    return time === null || time === undefined ? [] : [[stage, time]];
  });
  if (stages.length === 0) return null;
  return { total: stages.reduce((sum, [, time]) => sum + time, 0), stages };
}

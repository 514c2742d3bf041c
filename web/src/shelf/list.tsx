/** The reports under the day or month in which they were made. */
import type { ListedReport } from "../api/client.ts";
import { type Words, useWords } from "../i18n/index.ts";
import { localeOf } from "../i18n/locale.ts";
import { type Group, groupsOf } from "./entries.ts";
import { Item } from "./item.tsx";

interface ListProps {
  readonly reports: readonly ListedReport[];
  /** Null: reports are opened, not chosen. */
  readonly chosen: ReadonlySet<string> | null;
  readonly onChoose: (id: string, chosen: boolean) => void;
  readonly onOpen: () => void;
  readonly onGone: () => void;
}

export function List({ reports, chosen, ...handlers }: ListProps) {
  const { language, words } = useWords();
  return (
    <>
      {groupsOf(reports, new Date()).map(({ key, period, reports }) => (
        <section class="shelf-group" key={key} aria-labelledby={`shelf-${key}`}>
          <h2 class="label" id={`shelf-${key}`}>
            {heading(period, language, words.shelf)}
          </h2>
          <ul class="shelf-list">
            {reports.map((report) => (
              <Item
                key={report.id}
                report={report}
                time={timeIn(period, report.created_at, language)}
                chosen={chosen?.has(report.id) ?? null}
                {...handlers}
              />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function heading(period: Group["period"], language: string, said: Words["shelf"]): string {
  if (typeof period === "string") return said[period];
  const { year, month } = period;
  const name = new Intl.DateTimeFormat(language, { month: "long", year: "numeric" }).format(new Date(year, month));
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}

function timeIn(period: Group["period"], iso: string, language: string): string {
  const ofDay = period === "today" || period === "yesterday";
  const form: Intl.DateTimeFormatOptions = ofDay
    ? { hour: "numeric", minute: "2-digit" }
    : period === "week"
      ? { weekday: "long", hour: "numeric", minute: "2-digit" }
      : { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(localeOf(language), form).format(new Date(iso));
}

/** Where the report comes from, what it cost, how long it took, and until when it is kept. */
import { useWords } from "../i18n/index.ts";
import { useEdited } from "./editing.tsx";
import { day, moment, price, seconds, workTime } from "./figures.ts";

/** The foot of the card. */
export function About() {
  const { language, words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const { model } = report;
  const time = workTime(report.timings_ms ?? {});
  const stages = time?.stages.map(([stage, of]) => `${said.timeStages[stage]} ${said.seconds(seconds(of, language))}`);
  // On paper, which may go to a buyer, cost and time are left out.
  const lines: [string, string | null, "owner"?][] = [
    [said.number, report.id],
    [said.made, moment(report.created_at, language)],
    [said.corrected, report.corrections ? moment(report.corrections.corrected_at, language) : null],
    [said.expires, day(report.expires_at, language)],
    [
      said.model,
      `${model.bridge ?? model.artifact ?? model.endpoint}${model.reused === true ? ` (${said.reused})` : ""}`,
    ],
    [said.wordsBy, model.llm ?? null],
    [
      said.cost,
      report.cost_usd === null || report.cost_usd === undefined ? said.costUnknown : price(report.cost_usd, language),
      "owner",
    ],
    [said.time, time && stages ? `${said.seconds(seconds(time.total, language))} (${stages.join(", ")})` : null, "owner"],
  ];
  return (
    <section class="about small">
      <h2 class="label">{said.about}</h2>
      <dl class="pairs">
        {lines.map(([name, value, reader]) =>
          value === null ? null : (
            <div key={name} class={reader === "owner" ? "no-print" : undefined}>
              <dt>{name}</dt>
              <dd class="numbers">
                <bdi>{value}</bdi>
              </dd>
            </div>
          ),
        )}
      </dl>
    </section>
  );
}

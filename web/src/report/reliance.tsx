/** How far the report can be relied on, what stayed open, and on demand everything that was asked. */
import { useWords } from "../i18n/index.ts";
import { areFactsCorrected } from "./correction.ts";
import { useEdited } from "./editing.tsx";
import { percent } from "./figures.ts";
import { type Answer, answersOf, spaced, type Texts } from "./texts.ts";

// More open answers than these are shown on demand.
const MOST_OPEN = 5;

/** The confidence of the card and its reasons, with the words of `texts`. */
export function RelianceSection({ texts }: { texts: Texts }) {
  const { language, words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const lang = texts.language === language ? undefined : texts.language;
  const answers = answersOf(report, texts.labels);
  const open = answers.filter((answer) => !answer.used);
  const reasons = report.confidence?.reasons ?? [];
  if (!report.confidence && answers.length === 0) return null;
  return (
    <section class="reliance">
      <h2>{said.reliance}</h2>
      {report.confidence && (
        <p class="level">
          <span class={`level-sign level-${report.confidence.level}`} aria-hidden="true" />
          {said.levels[report.confidence.level]}
        </p>
      )}
      {areFactsCorrected(report) && <p class="soft small">{said.levelBefore}</p>}
      {reasons.length > 0 && (
        <ul lang={lang}>
          {reasons.map((reason) => (
            <li key={reason}>{texts.labels?.reasons?.[reason] ?? spaced(reason)}</li>
          ))}
        </ul>
      )}
      {open.length > 0 && (
        <details open={open.length <= MOST_OPEN}>
          <summary>{said.open(open.length)}</summary>
          <p class="soft small">{said.openText}</p>
          <Answers answers={open} lang={lang} />
        </details>
      )}
      {answers.length > open.length && (
        <details>
          <summary>{said.evidence(answers.length)}</summary>
          <Answers answers={answers} lang={lang} isWhole />
        </details>
      )}
    </section>
  );
}

interface AnswersProps {
  readonly answers: readonly Answer[];
  readonly lang: string | undefined;
  /** Say of each answer that is not used that it is not. */
  readonly isWhole?: boolean;
}

/** Questions, answers and their probabilities as bars. */
function Answers({ answers, lang, isWhole }: AnswersProps) {
  const { language, words } = useWords();
  const said = words.report;
  return (
    <table class="answers">
      <thead class="unseen">
        <tr>
          <th scope="col">{said.question}</th>
          <th scope="col">{said.answer}</th>
          <th scope="col">{said.sure}</th>
        </tr>
      </thead>
      <tbody>
        {answers.map((each, at) => (
          <tr key={at} class={each.used ? undefined : "unsure"}>
            <th scope="row" lang={lang}>
              {each.question}
            </th>
            <td lang={lang}>
              <bdi>{each.answer}</bdi>
              {isWhole && !each.used && (
                <span class="not-used" lang={language}>
                  {said.notUsed}
                </span>
              )}
            </td>
            <td class="share numbers">
              <Bar share={each.confidence} />
              {percent(each.confidence, language)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A probability as a bar: a drawing, which is printed also where backgrounds are not. */
function Bar({ share }: { share: number }) {
  return (
    <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <rect class="bar-whole" width="100" height="8" />
      <rect class="bar-share" width={Math.round(1000 * Math.min(Math.max(share, 0), 1)) / 10} height="8" />
    </svg>
  );
}

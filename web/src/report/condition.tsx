/** The condition: grade and score, what each mark takes from it, and both corrected in place. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { useWords } from "../i18n/index.ts";
import { type Catalogue, choices } from "./catalogue.ts";
import { isConditionCorrected, MOST_MARKS } from "./correction.ts";
import { Editable, Editor, useEdited } from "./editing.tsx";
import { WithCatalogue } from "./fact-editors.tsx";
import { numberedMarks } from "./marks.ts";
import { isNotAsked, markText, spaced, type Texts } from "./texts.ts";

/** The condition of the card, with the words of `texts`. */
export function ConditionSection({ texts }: { texts: Texts }) {
  const { language, words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const condition = report.condition!;
  const lang = texts.language === language ? undefined : texts.language;
  // No marks to choose from: such goods have none in the catalogue.
  const isFixed = isNotAsked(report) && !isConditionCorrected(report, "wear");
  const isAssessed = condition.status !== "not_assessed" && condition.score !== null;
  return (
    <section class="condition">
      <h2>{said.condition}</h2>
      <Editable
        label={said.edit(said.scoreName)}
        edit={(close) => <ScoreEditor onClose={close} />}
        show={(button) => (
          <div class="value">
            <div class="value-text">
              {isAssessed ? (
                <p class="grade">
                  <bdi lang={lang}>{texts.labels?.grade ?? condition.grade}</bdi>
                  <span class="score numbers">{said.score(condition.score!)}</span>
                </p>
              ) : (
                <>
                  <p class="grade soft">{isNotAsked(report) ? said.notJudged : said.notAssessed}</p>
                  <p class="soft">{isNotAsked(report) ? said.notJudgedText : said.notAssessedText}</p>
                </>
              )}
              {isConditionCorrected(report, "score") && <p class="soft small">{said.scoreStated}</p>}
              <ConditionBefore />
            </div>
            {button}
          </div>
        )}
      />
      <Editable
        label={said.edit(said.marksName)}
        edit={(close) => <MarksEditor onClose={close} />}
        show={(button) => <Marks {...{ texts, lang, isAssessed }} button={isFixed ? null : button} />}
      />
    </section>
  );
}

interface MarksProps {
  readonly texts: Texts;
  readonly lang: string | undefined;
  readonly isAssessed: boolean;
  /** What opens the editor. */
  readonly button: ComponentChildren;
}

function Marks({ texts, lang, isAssessed, button }: MarksProps) {
  const { words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const marks = numberedMarks(report);
  const unseen = isNotAsked(report) ? said.notJudged : isAssessed ? said.noMarks : said.marksUnknown;
  const none = isAssessed && isConditionCorrected(report, "wear") ? said.noMarksStated : unseen;
  return (
    <div class="marks-part">
      <div class="text-head">
        <h3 class="label">{said.marks}</h3>
        {button}
      </div>
      {marks.length === 0 && <p class="soft">{none}</p>}
      <ol class="marks">
        {marks.map((mark) => (
          <li key={mark.number}>
            <span class="mark-number">{mark.number}</span>
            <span class="mark-text">
              <bdi lang={lang}>{markText(texts.labels, mark)}</bdi>{" "}
              {mark.photo ? (
                <a class="small" href={`#photo-${mark.photo}`}>
                  {said.photo(mark.photo)}
                </a>
              ) : (
                <span class="source source-owner">{said.sources.owner}</span>
              )}
            </span>
            {mark.points !== null && mark.points !== undefined && (
              <span class="points numbers">{said.points(mark.points)}</span>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

/** What the report had said of the condition before the owner's correction. */
function ConditionBefore() {
  const { words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  if (!report.corrections?.condition) return null;
  const { condition, labels } = report.corrections.original;
  const unassessed = isNotAsked(report) ? said.notJudged : said.notAssessed;
  const marks = condition.wear.map((mark) => labels?.wear?.[mark.tag] ?? spaced(mark.tag));
  const score = condition.score === null ? unassessed : said.score(condition.score);
  return (
    <p class="before" lang={labels ? report.language : undefined}>
      {said.before([score, ...marks].join(", "))}
    </p>
  );
}

function ScoreEditor({ onClose }: { onClose: () => void }) {
  const { words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const [score, setScore] = useState(report.condition!.score ?? 5);
  return (
    <Editor
      label={said.edit(said.scoreName)}
      onClose={onClose}
      undo={isConditionCorrected(report, "score") ? { condition: { score: null } } : undefined}
      patch={() => ({ condition: { score } })}
    >
      <label class="field">
        <span class="field-label">{said.scoreLegend}</span>
        <span class="range">
          <input
            type="range"
            min={0}
            max={10}
            step={1}
            value={score}
            aria-valuetext={said.score(score)}
            onInput={(event) => setScore(event.currentTarget.valueAsNumber)}
          />
          <output class="score numbers" aria-hidden="true">
            {said.score(score)}
          </output>
        </span>
      </label>
    </Editor>
  );
}

function MarksEditor({ onClose }: { onClose: () => void }) {
  return <WithCatalogue>{(catalogue) => <MarksForm {...{ catalogue, onClose }} />}</WithCatalogue>;
}

function MarksForm({ catalogue, onClose }: { catalogue: Catalogue; onClose: () => void }) {
  const { words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const [tags, setTags] = useState(() => report.condition!.wear.map((mark) => mark.tag));
  const offered = choices(catalogue, report.product!.type, "wear");
  const present = report.condition!.wear
    .filter((mark) => offered.every((entry) => entry.id !== mark.tag))
    .map((mark) => ({ id: mark.tag, name: spaced(mark.tag) }));
  return (
    <Editor
      label={said.edit(said.marksName)}
      onClose={onClose}
      undo={isConditionCorrected(report, "wear") ? { condition: { wear: null } } : undefined}
      patch={() => ({ condition: { wear: tags } })}
    >
      <fieldset>
        <legend class="field-label">{said.marksLegend}</legend>
        <div class="chips">
          {[...present, ...offered].map(({ id, name }) => (
            <label key={id} class="chip">
              <input
                type="checkbox"
                checked={tags.includes(id)}
                disabled={!tags.includes(id) && tags.length >= MOST_MARKS}
                onChange={(event) =>
                  setTags(event.currentTarget.checked ? [...tags, id] : tags.filter((tag) => tag !== id))
                }
              />
              {name}
            </label>
          ))}
        </div>
        {tags.length >= MOST_MARKS && <p class="field-hint">{said.mostMarks(MOST_MARKS)}</p>}
      </fieldset>
    </Editor>
  );
}

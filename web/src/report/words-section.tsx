/** Title, description and keywords in each language, to copy, to correct, and to have worded again. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { dataOf } from "../api/client.ts";
import { useServices } from "../services.ts";
import { useWords } from "../i18n/index.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Field } from "../ui/field.tsx";
import { ProblemNotice } from "../ui/notice.tsx";
import { toast } from "../ui/toast.tsx";
import { canReword, MOST_DESCRIPTION, MOST_TITLE, textBefore } from "./correction.ts";
import { Editable, Editor, useEdited } from "./editing.tsx";
import { allTexts, type Texts } from "./texts.ts";

/** The texts of the card. */
export function WordsSection() {
  const { words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const texts = allTexts(report);
  return (
    <section class="texts">
      <h2>{said.texts}</h2>
      <div class={texts.length > 1 ? "languages" : undefined}>
        {texts.map((each) => (
          <LanguageTexts key={each.language} texts={each} isOwn={each.language === report.language} />
        ))}
      </div>
      <Wording />
    </section>
  );
}

function LanguageTexts({ texts, isOwn }: { texts: Texts; isOwn: boolean }) {
  const { words } = useWords();
  const { report } = useEdited();
  const ownsText = Boolean(report.corrections?.title ?? report.corrections?.description);
  const said = words.report;
  const language = said.languages[texts.language];
  const keywords = texts.keywords.join(", ");
  return (
    <article class="language stack">
      <h3 class="label language-name">{language}</h3>
      {!isOwn && ownsText && (
        <p class="soft small no-print">{said.onlyOwn(said.languages[report.language])}</p>
      )}
      <OneText name="title" texts={texts} isOwn={isOwn} copyLabel={said.copyOf(said.titleLabel, language)} />
      <OneText name="description" texts={texts} isOwn={isOwn} copyLabel={said.copyOf(said.descriptionLabel, language)} />
      {keywords !== "" && (
        <div class="text">
          <div class="text-head">
            <h4 class="label">{said.keywords}</h4>
            <CopyButton text={keywords} label={said.copyOf(said.keywords, language)} />
          </div>
          <p lang={texts.language}>
            <bdi>{keywords}</bdi>
          </p>
        </div>
      )}
    </article>
  );
}

interface OneTextProps {
  readonly name: "title" | "description";
  readonly texts: Texts;
  readonly isOwn: boolean;
  readonly copyLabel: string;
}

function OneText({ name, texts, isOwn, copyLabel }: OneTextProps) {
  const { words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const label = name === "title" ? said.titleLabel : said.descriptionLabel;
  const before = isOwn ? textBefore(report, name) : null;
  const shown = (button: ComponentChildren) => (
    <div class="text">
      <div class="text-head">
        <h4 class="label">{label}</h4>
        {button}
        <CopyButton text={texts[name]} label={copyLabel} />
      </div>
      <p class={`text-${name}`} lang={texts.language}>
        <bdi>{texts[name]}</bdi>
      </p>
      {before !== null && (
        <p class="before">
          <span class="source source-owner">{said.sources.owner}</span>{" "}
          <span lang={texts.language}>{said.before(before)}</span>
        </p>
      )}
    </div>
  );
  if (!isOwn) return shown(null);
  return (
    <Editable label={said.edit(label)} show={shown} edit={(close) => <TextEditor name={name} onClose={close} />} />
  );
}

function TextEditor({ name, onClose }: { name: "title" | "description"; onClose: () => void }) {
  const { words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const [text, setText] = useState(report[name] ?? "");
  const label = name === "title" ? said.titleLabel : said.descriptionLabel;
  const most = name === "title" ? MOST_TITLE : MOST_DESCRIPTION;
  // The service counts characters where JavaScript counts UTF-16 units.
  const used = [...text].length;
  const set = (event: { currentTarget: { value: string } }) => setText(event.currentTarget.value);
  return (
    <Editor
      label={said.edit(label)}
      onClose={onClose}
      undo={textBefore(report, name) === null ? undefined : { [name]: null }}
      patch={() => (used > most ? null : { [name]: text })}
    >
      <Field
        label={label}
        hint={said.letters(used, most)}
        error={used > most ? said.tooLong(most) : null}
      >
        {(control) => (
          <textarea
            {...control}
            class={`input-${name}`}
            lang={report.language}
            rows={name === "title" ? 2 : 8}
            value={text}
            onInput={set}
            onKeyDown={(event) => {
              // A title is one line, which may wrap.
              if (event.key !== "Enter" || name !== "title") return;
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }}
          />
        )}
      </Field>
    </Editor>
  );
}

/** Whose sentences they are, and the button that asks the LLM for others. */
function Wording() {
  const { api } = useServices();
  const { words } = useWords();
  const { report, onChange } = useEdited();
  const said = words.report;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const ask = async () => {
    setBusy(true);
    setError(null);
    try {
      const path = { report_id: report.id };
      const worded = dataOf(await api.POST("/reports/{report_id}/wording", { params: { path } }));
      onChange(worded);
      toast(worded.narrative === "template" ? said.rewordedNot : said.reworded);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="wording no-print">
      {report.narrative && <p class="soft small">{said.narratives[report.narrative]}</p>}
      {canReword(report) && (
        <div>
          <Button icon="reload" busy={busy} onClick={() => void ask()}>
            {said.reword}
          </Button>
        </div>
      )}
      {error !== null && <ProblemNotice error={error} />}
    </div>
  );
}

/** The languages of the report: one, or both with the page's language first. */
import type { Language } from "../i18n/index.ts";
import { useWords } from "../i18n/index.ts";

interface LanguageChoiceProps {
  readonly value: readonly Language[];
  /** The language that comes first where both are wanted. */
  readonly first: Language;
  readonly onChange: (languages: readonly Language[]) => void;
}

export function LanguageChoice({ value, first, onChange }: LanguageChoiceProps) {
  const { words } = useWords();
  const both: readonly Language[] = first === "en" ? ["en", "fr"] : ["fr", "en"];
  const choices: readonly (readonly [string, readonly Language[]])[] = [
    [words.capture.english, ["en"]],
    [words.capture.french, ["fr"]],
    [words.capture.both, both],
  ];
  return (
    <fieldset class="language-choice">
      <legend class="label">{words.capture.languages}</legend>
      <div class="language-choices">
        {choices.map(([name, languages]) => (
          <label key={name}>
            <input
              type="radio"
              name="languages"
              checked={value.length === languages.length && (value.length > 1 || value[0] === languages[0])}
              onChange={() => onChange(languages)}
            />
            <span>{name}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

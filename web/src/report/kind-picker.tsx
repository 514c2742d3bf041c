/** A field that finds a kind of goods by its name: arrows choose, Enter takes, Escape closes the list. */
import { useId, useState } from "preact/hooks";

import { useWords } from "../i18n/index.ts";
import { type Catalogue, findKinds, type FoundKind } from "./catalogue.ts";

const MOST = 8;

interface KindPickerProps {
  readonly catalogue: Catalogue;
  /** The text to begin with. */
  readonly text: string;
  readonly chosen: FoundKind | null;
  readonly onChoose: (kind: FoundKind | null) => void;
  /** What is wrong; empty: nothing. */
  readonly error: string;
}

/** The field and its list (a combobox of WAI-ARIA). */
export function KindPicker({ catalogue, text, chosen, onChoose, error }: KindPickerProps) {
  const { words } = useWords();
  const said = words.report;
  const id = useId();
  const [typed, setTyped] = useState(text);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const found = chosen === null ? findKinds(catalogue, typed, MOST) : [];
  const isOpen = open && found.length > 0;
  const choose = (kind: FoundKind) => {
    setTyped(kind.name);
    setOpen(false);
    onChoose(kind);
  };
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) {
      event.preventDefault();
      setAt(isOpen ? (at + step + found.length) % found.length : 0);
      setOpen(true);
    } else if (event.key === "Enter" && isOpen) {
      event.preventDefault();
      choose(found[at] ?? found[0]!);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      setOpen(false);
    }
  };
  return (
    <div class="field picker">
      <label class="field-label" for={id}>
        {said.askFind}
      </label>
      <input
        id={id}
        data-first
        role="combobox"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        enterkeyhint="done"
        aria-autocomplete="list"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-activedescendant={isOpen ? `${id}-${at}` : undefined}
        aria-describedby={`${id}-hint`}
        aria-invalid={error !== "" || undefined}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
          setOpen(true);
          onChoose(null);
        }}
        onKeyDown={keys}
        onFocus={(event) => event.currentTarget.select()}
        onBlur={() => setOpen(false)}
      />
      <ul id={`${id}-list`} class="picker-list" role="listbox" aria-label={said.askFind} hidden={!isOpen}>
        {found.map((kind, number) => (
          <li
            key={kind.id}
            id={`${id}-${number}`}
            role="option"
            aria-selected={number === at}
            // A press must not take the focus from the field before it has chosen.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => choose(kind)}
          >
            {kind.name} <span class="soft small">{kind.department}</span>
          </li>
        ))}
      </ul>
      <span id={`${id}-hint`} class={error === "" ? "field-hint" : "field-error"} role="status">
        {error !== ""
          ? error
          : chosen !== null || typed === text || typed.trim() === ""
            ? said.askHint
            : found.length === 0
              ? said.askNone(typed.trim())
              : said.askCount(found.length)}
      </span>
    </div>
  );
}

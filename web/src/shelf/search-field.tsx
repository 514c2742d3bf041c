/** The search over the list: it begins while a person types, after a pause, or by Enter. */
import { useEffect, useRef, useState } from "preact/hooks";

import { useWords } from "../i18n/index.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";

const PAUSE_MS = 400;
/** The longest search that the service takes. */
const MOST = 100;
// The service refuses a search without any.
const LETTER = /[\p{L}\p{N}]/u;

interface SearchFieldProps {
  readonly value: string;
  readonly onSearch: (text: string) => void;
}

export function SearchField({ value, onSearch }: SearchFieldProps) {
  const { words } = useWords();
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const pause = useRef(0);
  // The address may change the search, as by Back.
  useEffect(() => setText((text) => (searched(text) === value ? text : value)), [value]);
  useEffect(() => () => clearTimeout(pause.current), []);
  const start = (typed: string, afterMs: number) => {
    clearTimeout(pause.current);
    const next = searched(typed);
    if (next === value) return;
    if (afterMs === 0) onSearch(next);
    else pause.current = window.setTimeout(() => onSearch(next), afterMs);
  };
  return (
    <search class="shelf-search">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start(text, 0);
        }}
      >
        <Icon name="search" />
        <input
          ref={input}
          type="search"
          name="search"
          value={text}
          maxLength={MOST}
          aria-label={words.shelf.search}
          placeholder={words.shelf.search}
          autocomplete="off"
          enterKeyHint="search"
          onInput={(event) => {
            setText(event.currentTarget.value);
            start(event.currentTarget.value, PAUSE_MS);
          }}
        />
        {text !== "" && (
          <Button
            variant="quiet"
            icon="cross"
            label={words.shelf.clear}
            onClick={() => {
              setText("");
              start("", 0);
              input.current?.focus();
            }}
          />
        )}
      </form>
    </search>
  );
}

/** Return what is searched for a text: nothing, if it has no letter. */
function searched(text: string): string {
  return LETTER.test(text) ? text.trim() : "";
}

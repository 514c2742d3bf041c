/**
 * The body of a screen: its title, which is also the window's and is read out after a change of screen.
 *
 *     <Screen title="Shelf" actions={<Button>Export</Button>} lead="…">…</Screen>
 *
 * `wide`: for a grid. `titleUnseen`: the content shows its own heading, and the title is for a screen reader.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

interface ScreenProps {
  readonly title: string;
  /** The language of the title, where it is not the page's. */
  readonly titleLang?: string | undefined;
  readonly titleUnseen?: boolean;
  readonly lead?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly wide?: boolean;
  readonly class?: string;
  readonly children?: ComponentChildren;
}

// The browser itself reads out the first screen's title.
let isFirst = true;

export function Screen({ title, titleLang, titleUnseen, lead, actions, wide, class: more, children }: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Vitrine`;
  }, [title]);
  // At once: later it would take the focus from a control to which the person has moved it.
  useLayoutEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    isFirst = false;
  }, []);
  return (
    <div class={`screen${wide ? " screen-wide" : ""}${more ? ` ${more}` : ""}`}>
      <div class={titleUnseen ? "unseen" : "screen-head"}>
        <div class="screen-title">
          <h1 ref={heading} tabIndex={-1} lang={titleLang}>
            {title}
          </h1>
          {lead && <p class="soft">{lead}</p>}
        </div>
        {actions && !titleUnseen && <div class="row">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

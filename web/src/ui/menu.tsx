/**
 * A button that opens a list of actions; arrow keys move, Escape closes, a press elsewhere closes.
 *
 *     <Menu label="More" icon="more" items={[{ label: "Delete", icon: "trash", tone: "danger", onSelect: remove }]} />
 *
 * An item with `checked` is a choice of its kind. `note` stands above the items. `side="start"`: the list begins
 * at the button's left edge.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { Button, type ButtonVariant } from "./button.tsx";
import { Icon, type IconName } from "./icons.tsx";

export interface MenuItem {
  readonly label: string;
  readonly onSelect: () => void;
  readonly icon?: IconName;
  readonly tone?: "danger";
  readonly checked?: boolean;
  /** The language of the label, where it is not the page's. */
  readonly lang?: string;
}

interface MenuProps {
  readonly label: string;
  readonly icon?: IconName;
  readonly variant?: ButtonVariant;
  readonly items: readonly MenuItem[];
  readonly note?: ComponentChildren;
  readonly side?: "start" | "end";
  /** What the button shows, which `label` must contain; without: the icon alone. */
  readonly children?: ComponentChildren;
}

export function Menu({ label, icon, variant = "quiet", items, note, side = "end", children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const whole = useRef<HTMLDivElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    focusItem(list.current, "first");
    const outside = (event: Event) => {
      if (!whole.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", outside);
    addEventListener("focusin", outside);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("focusin", outside);
    };
  }, [open]);
  const close = () => {
    setOpen(false);
    trigger.current?.focus();
  };
  const keys = (event: KeyboardEvent) => {
    const move = MOVES[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      if (event.key === "Escape") event.preventDefault();
      close();
    } else if (move) {
      event.preventDefault();
      focusItem(list.current, move);
    }
  };
  return (
    <div class={side === "start" ? "menu menu-start" : "menu"} ref={whole}>
      <Button
        ref={trigger}
        variant={variant}
        label={label}
        {...(icon && { icon })}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" && !open) {
            event.preventDefault();
            setOpen(true);
          }
        }}
      >
        {children}
      </Button>
      {open && (
        <div class="menu-list">
          {note && <p class="menu-note">{note}</p>}
          <div id={id} role="menu" aria-label={label} ref={list} onKeyDown={keys}>
            {items.map((item) => (
              <button
                key={item.label}
                type="button"
                class={item.tone ? `menu-item menu-item-${item.tone}` : "menu-item"}
                role={item.checked === undefined ? "menuitem" : "menuitemradio"}
                aria-checked={item.checked}
                lang={item.lang}
                tabIndex={-1}
                onClick={() => {
                  close();
                  item.onSelect();
                }}
              >
                {item.checked === undefined ? item.icon && <Icon name={item.icon} /> : <Mark on={item.checked} />}
                {item.label}
              </button>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}

function Mark({ on }: { on: boolean }) {
  return on ? <Icon name="check" /> : <span class="icon" />;
}

// From the item with the focus: the next, the one before; the first; the last.
const MOVES: Readonly<Record<string, "next" | "before" | "first" | "last">> = {
  ArrowDown: "next",
  ArrowUp: "before",
  Home: "first",
  End: "last",
};

function focusItem(list: HTMLElement | null, move: "next" | "before" | "first" | "last"): void {
  const items = [...(list?.querySelectorAll<HTMLElement>(".menu-item") ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const target = { next: at + 1, before: at - 1, first: 0, last: -1 }[move];
  items.at(target % items.length)?.focus();
}

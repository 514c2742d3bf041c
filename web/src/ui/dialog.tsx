/**
 * A question or form over the screen: the focus stays in it, Escape and a press beside it close it.
 *
 *     <Dialog title="Delete?" open={asked} onClose={() => setAsked(false)} actions={<Button>Delete</Button>}>
 *       <p>…</p>
 *     </Dialog>
 *
 * Its children exist only while it is open. Without `onClose` it stays until the caller closes it.
 */
import type { ComponentChildren, TargetedPointerEvent } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { useWords } from "../i18n/index.ts";
import { Button } from "./button.tsx";

interface DialogProps {
  readonly title: string;
  readonly open: boolean;
  readonly onClose?: () => void;
  readonly actions?: ComponentChildren;
  readonly wide?: boolean;
  readonly children?: ComponentChildren;
}

export function Dialog(props: DialogProps) {
  return props.open ? <OpenDialog {...props} /> : null;
}

function OpenDialog({ title, onClose, actions, wide, children }: DialogProps) {
  const { words } = useWords();
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = element.current!;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      // Removed from the page, a dialog does not give the focus back.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const cancel = (event: Event) => {
    // Escape closes the element itself; whether it is open is the caller's to say.
    event.preventDefault();
    onClose?.();
  };
  return (
    <dialog
      ref={element}
      class={wide ? "dialog dialog-wide" : "dialog"}
      aria-labelledby={heading}
      onCancel={cancel}
      onKeyDown={(event) => {
        // A second Escape in a row would close the dialog in spite of `cancel`.
        if (event.key === "Escape" && onClose === undefined) event.preventDefault();
      }}
      onPointerDown={(event) => {
        if (event.target === event.currentTarget && isBeside(event)) onClose?.();
      }}
    >
      <div class="dialog-head">
        <h2 id={heading}>{title}</h2>
        {onClose && <Button variant="quiet" icon="cross" label={words.frame.close} onClick={onClose} />}
      </div>
      {children}
      {actions && <div class="dialog-actions">{actions}</div>}
    </dialog>
  );
}

// A press on the backdrop has the dialog as its target.
function isBeside(event: TargetedPointerEvent<HTMLDialogElement>): boolean {
  const box = event.currentTarget.getBoundingClientRect();
  return (
    event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom
  );
}

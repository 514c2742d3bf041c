/** What every correction in place has in common: sending, the form with its buttons, and undoing. */
import { type ComponentChildren, createContext } from "preact";
import { useContext, useLayoutEffect, useRef, useState } from "preact/hooks";

import { dataOf, type Report } from "../api/client.ts";
import { useServices } from "../services.ts";
import { useWords } from "../i18n/index.ts";
import { Button } from "../ui/button.tsx";
import { ProblemNotice } from "../ui/notice.tsx";
import { toast } from "../ui/toast.tsx";
import { useLoaded } from "../ui/use-loaded.ts";
import { type Catalogue, loadCatalogue } from "./catalogue.ts";
import type { Patch } from "./correction.ts";

/** The report on the card, and what takes its place once it is corrected. */
export interface Edited {
  readonly report: Report;
  readonly onChange: (report: Report) => void;
}

export const EditedContext = createContext<Edited | null>(null);

/** Return the card's report, in a component of the card. */
export function useEdited(): Edited {
  const edited = useContext(EditedContext);
  if (edited === null) throw new Error("no report is edited");
  return edited;
}

/** Return what sends a patch. It throws ApiProblem, or TypeError for a lost network. */
export function useCorrect(): (patch: Patch) => Promise<void> {
  const { api } = useServices();
  const { report, onChange } = useEdited();
  return async (patch) => {
    const path = { report_id: report.id };
    onChange(dataOf(await api.PATCH("/reports/{report_id}", { params: { path }, body: patch })));
  };
}

/** Return the catalogue's names in the reader's language. */
export function useCatalogue(): { catalogue: Catalogue | undefined; error: unknown; reload: () => void } {
  const { api } = useServices();
  const { language } = useWords();
  const { data, error, reload } = useLoaded(() => loadCatalogue(api, language), [api, language]);
  return { catalogue: data, error, reload };
}

interface EditorProps {
  /** What the form corrects, for a screen reader. */
  readonly label: string;
  /** Return what is sent; null: the form is not complete, and has said so itself. */
  readonly patch: () => Patch | null;
  /** The patch that takes the correction back; undefined: nothing is corrected. */
  readonly undo?: Patch | undefined;
  /** Called once it is saved, or left. */
  readonly onClose: () => void;
  /** It stands by itself, in place of no value: it neither takes the focus nor is left. */
  readonly isStanding?: boolean | undefined;
  readonly children: ComponentChildren;
}

/** A form in place of a value: Enter or the button saves, Escape leaves. */
export function Editor({ label, patch, undo, onClose, isStanding = false, children }: EditorProps) {
  const { words } = useWords();
  const correct = useCorrect();
  const form = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  // At once: a phone opens its keyboard only for a focus that the touch itself gives.
  useLayoutEffect(() => {
    if (!isStanding) form.current?.querySelector<HTMLElement>("[data-first], input, select, textarea")?.focus();
  }, []);
  const send = async (correction: Patch | null, done: string) => {
    if (correction === null || busy) return;
    setBusy(true);
    setError(null);
    try {
      await correct(correction);
      toast(done);
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form
      ref={form}
      class="editor stack"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        void send(patch(), words.report.saved);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented && !isStanding) onClose();
      }}
    >
      {children}
      {error !== null && <ProblemNotice error={error} />}
      <div class="row">
        <Button type="submit" variant="primary" icon="check" busy={busy}>
          {words.report.save}
        </Button>
        {!isStanding && <Button onClick={onClose}>{words.frame.cancel}</Button>}
        {undo && (
          <Button variant="quiet" icon="undo" onClick={() => void send(undo, words.report.undone)}>
            {words.report.undo}
          </Button>
        )}
      </div>
    </form>
  );
}

interface EditableProps {
  /** The value, with the button that opens the editor. */
  readonly show: (button: ComponentChildren) => ComponentChildren;
  readonly edit: (close: () => void) => ComponentChildren;
  readonly label: string;
}

/** A value that a press of its button turns into its editor; leaving the editor gives the focus back. */
export function Editable({ show, edit, label }: EditableProps) {
  const [isEditing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const left = useRef(false);
  useLayoutEffect(() => {
    if (!isEditing && left.current) button.current?.focus();
    left.current = isEditing;
  }, [isEditing]);
  if (isEditing) return <>{edit(() => setEditing(false))}</>;
  return (
    <>
      {show(
        <Button
          ref={button}
          class="edit"
          variant="quiet"
          icon="pencil"
          label={label}
          onClick={() => setEditing(true)}
        />,
      )}
    </>
  );
}

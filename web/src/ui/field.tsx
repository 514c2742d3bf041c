/**
 * A control with its label, hint and error, tied together for a screen reader.
 *
 *     <Field label="Score" hint="0 to 10" error={problem}>
 *       {(control) => <input {...control} type="number" name="score" />}
 *     </Field>
 */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

import { Icon } from "./icons.tsx";

/** What the control takes. */
export interface Control {
  readonly id: string;
  readonly "aria-describedby"?: string;
  readonly "aria-invalid"?: true;
}

interface FieldProps {
  readonly label: ComponentChildren;
  readonly hint?: ComponentChildren;
  /** What is wrong with the value and what helps; empty: nothing. */
  readonly error?: string | null;
  readonly children: (control: Control) => ComponentChildren;
}

export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      {hint && (
        <span class="field-hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {children({
        id,
        ...(described && { "aria-describedby": described }),
        ...(error && { "aria-invalid": true }),
      })}
      {error && (
        <span class="field-error" id={`${id}-error`} role="alert">
          <Icon name="alert" />
          {error}
        </span>
      )}
    </div>
  );
}

/**
 * What is pressed. `Button` does something, `ButtonLink` goes somewhere.
 *
 *     <Button variant="primary" icon="camera" onClick={shoot}>Take a photo</Button>
 *     <Button icon="trash" label="Remove photo 2" onClick={remove} />     // an icon alone needs `label`
 *     <Button busy={saving} type="submit">Save</Button>                   // busy: turns, and ignores presses
 *     <ButtonLink href="/shelf">Shelf</ButtonLink>
 */
import type { ComponentChildren, JSX, Ref } from "preact";

import { Icon, type IconName } from "./icons.tsx";
import { Spinner } from "./spinner.tsx";

/** `primary`: the one thing to do here. `plain`: another. `quiet`: beside text. `danger`: deletes. */
export type ButtonVariant = "primary" | "plain" | "quiet" | "danger";

interface Look {
  readonly variant?: ButtonVariant;
  readonly icon?: IconName;
  /** The name for a screen reader, where the children do not say enough; it contains what they say. */
  readonly label?: string;
  /** As wide as what contains it. */
  readonly full?: boolean;
  readonly class?: string;
  readonly children?: ComponentChildren;
}

type ButtonProps = Look &
  Omit<JSX.IntrinsicElements["button"], "class" | "icon" | "label" | "ref"> & {
    readonly busy?: boolean;
    readonly ref?: Ref<HTMLButtonElement>;
  };

export function Button({ variant, icon, label, full, busy, class: more, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={classes(variant, full, children, more)}
      aria-label={label}
      title={children === undefined ? label : rest.title}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? prevent : onClick}
    >
      {busy ? <Spinner /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface LinkProps extends Look {
  readonly href: string;
  /** The name of the file that a press saves. */
  readonly download?: string;
  readonly onClick?: (event: MouseEvent) => void;
}

export function ButtonLink({ variant, icon, label, full, class: more, children, ...rest }: LinkProps) {
  return (
    <a {...rest} class={classes(variant, full, children, more)} aria-label={label}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  );
}

function classes(
  variant: ButtonVariant = "plain",
  full: boolean | undefined,
  children: ComponentChildren,
  more: string | undefined,
): string {
  const alone = children === undefined ? " button-icon" : "";
  return `button button-${variant}${full ? " button-full" : ""}${alone}${more ? ` ${more}` : ""}`;
}

function prevent(event: Event): void {
  event.preventDefault();
}

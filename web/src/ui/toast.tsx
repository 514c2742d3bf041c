/**
 * Short messages over the foot of the page, from anywhere in the code.
 *
 *     toast("Copied");
 *     toast("A new version is ready", { action: { label: "Reload", onSelect: reload }, stays: true });
 *     announce("Photo 3 is now first");      // for a screen reader only
 *
 * What a person must not miss is a `Notice` in the screen, not a toast.
 */
import { useEffect, useState } from "preact/hooks";

import { useWords } from "../i18n/index.ts";
import { Button } from "./button.tsx";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action?: { readonly label: string; readonly onSelect: () => void };
  /** It stays until it is closed or acted upon; otherwise it goes after some seconds. */
  readonly stays?: boolean;
}

interface Messages {
  readonly toasts: readonly Toast[];
  readonly said: string;
}

const SECONDS = 6;
const MOST = 3;
let messages: Messages = { toasts: [], said: "" };
let count = 0;
const listeners = new Set<(messages: Messages) => void>();

/** Show a message. The same text twice is shown once. */
export function toast(text: string, options: Omit<Toast, "id" | "text"> = {}): void {
  const id = ++count;
  const others = messages.toasts.filter((one) => one.text !== text);
  change({ ...messages, toasts: [...others, { id, text, ...options }].slice(-MOST) });
  if (!options.stays) setTimeout(() => drop(id), SECONDS * 1000);
}

/** Let a screen reader say `text`. */
export function announce(text: string): void {
  // A text equal to the last one is not a change, so it would not be read out.
  change({ ...messages, said: messages.said === text ? `${text}\u00a0` : text });
}

/** The place of the messages; the frame has one. */
export function Messages() {
  const { words } = useWords();
  const [{ toasts, said }, setMessages] = useState(messages);
  useEffect(() => {
    listeners.add(setMessages);
    setMessages(messages);
    return () => void listeners.delete(setMessages);
  }, []);
  return (
    <>
      <div class="toasts" role="status">
        {toasts.map(({ id, text, action }) => (
          <div class="toast" key={id}>
            <p>{text}</p>
            {action && (
              <Button
                variant="quiet"
                onClick={() => {
                  drop(id);
                  action.onSelect();
                }}
              >
                {action.label}
              </Button>
            )}
            <Button variant="quiet" icon="cross" label={words.frame.close} onClick={() => drop(id)} />
          </div>
        ))}
      </div>
      <p class="unseen" role="status">
        {said}
      </p>
    </>
  );
}

function drop(id: number): void {
  change({ ...messages, toasts: messages.toasts.filter((one) => one.id !== id) });
}

function change(next: Messages): void {
  messages = next;
  for (const listener of listeners) listener(next);
}

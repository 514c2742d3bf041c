/** Whether the page can reach its own origin. */

import type { KeptHeader } from "./messages.ts";

const KEPT: KeptHeader = "x-kept";
const CHECK_AGAIN_MS = 5000;

/**
 * The connection: asked for when a request fails, and again every few seconds until it is back. `navigator.onLine`
 * alone is true on a network without a way out.
 */
export class Connection {
  readonly #ask: () => Promise<boolean>;
  readonly #listeners = new Set<(isOnline: boolean) => void>();
  #isOnline: boolean;
  #asking: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `ask` tries the network; false: no answer came. */
  constructor(isOnline: boolean, ask: () => Promise<boolean> = askOrigin) {
    this.#ask = ask;
    this.#isOnline = isOnline;
    if (!isOnline) this.#askLater();
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** Call `changed` when the connection is lost and when it is back. Returns what ends that. */
  subscribe(changed: (isOnline: boolean) => void): () => void {
    this.#listeners.add(changed);
    return () => void this.#listeners.delete(changed);
  }

  /** The browser says that there is no network. */
  lose(): void {
    this.#enter(false);
  }

  /** Find out: after a request without an answer, or when the browser says that a network is back. */
  check(): Promise<void> {
    this.#asking ??= this.#ask().then((isOnline) => {
      this.#asking = null;
      this.#enter(isOnline);
    });
    return this.#asking;
  }

  #enter(isOnline: boolean): void {
    clearTimeout(this.#timer);
    if (!isOnline) this.#askLater();
    if (isOnline === this.#isOnline) return;
    this.#isOnline = isOnline;
    for (const listener of this.#listeners) listener(isOnline);
  }

  #askLater(): void {
    this.#timer = setTimeout(() => void this.check(), CHECK_AGAIN_MS);
  }
}

async function askOrigin(): Promise<boolean> {
  try {
    return isFromNetwork(await fetch("/config.json", { cache: "no-cache" }));
  } catch {
    return false;
  }
}

/** Return whether an answer came from the network, not from what the service worker keeps. */
export function isFromNetwork(answer: Response): boolean {
  return !answer.headers.has(KEPT);
}

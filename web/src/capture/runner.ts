/** Does the steps of submissions, in turns with the other tabs: who does a step holds the submission's lock. */
import type { Tokens } from "../api/client.ts";
import { SignedOut } from "../auth/session.ts";
import type { Connection } from "../offline/connection.ts";
import { NO_COMPLAINT } from "./complaint.ts";
import type { Desk, PhotoBytes } from "./desk.ts";
import type { Requests } from "./requests.ts";
import { type Event, hasEnded, nextStep, type Submission } from "./submission.ts";

/** A step ends within two minutes. A tab that the system has frozen may hold its lock for ever. */
const LONGEST_STEP_MS = 120_000;
const NO_TOKEN_PAUSE_MS = 5_000;

export interface RunnerOptions {
  readonly desk: Desk;
  readonly requests: Requests;
  readonly tokens: Tokens;
  readonly connection: Connection;
  /** Called after a step. */
  readonly onChange: () => Promise<void>;
  /** Called with the part of a submission's photos that has left, 0 to 1; null: they are not being sent. */
  readonly onSent: (id: string, part: number | null) => void;
}

export class Runner {
  readonly #with: RunnerOptions;
  readonly #driven = new Set<string>();
  readonly #stop = new AbortController();
  /** Aborted when something may go on that rests, or that waits for an answer of before. */
  #wake = new AbortController();
  #sending: Promise<unknown> = Promise.resolve();

  constructor(options: RunnerOptions) {
    this.#with = options;
  }

  /** Go on with a submission until nothing is to be done; several calls are as one. */
  async drive(id: string): Promise<void> {
    if (this.#driven.has(id)) return;
    this.#driven.add(id);
    try {
      while (!this.#stop.signal.aborted && (await this.#advance(id)));
    } finally {
      this.#driven.delete(id);
    }
  }

  /** Look again at all submissions: the network or the page is back, or a person wants it. */
  wake(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  stop(): void {
    this.#stop.abort();
    this.wake();
  }

  /** Do one step or rest; return whether there may be another one. */
  async #advance(id: string): Promise<boolean> {
    const { desk, connection, tokens } = this.#with;
    const { signal } = this.#wake;
    const submission = await desk.submission(id);
    if (submission === null) return false;
    const step = nextStep(submission, Date.now());
    if (step.do === "nothing") return false;
    if (step.do === "rest") return pause(jittered(step.until - Date.now()), signal);
    if (!connection.isOnline) return pause(LONGEST_STEP_MS, signal);
    try {
      // May wait until the person has signed in again: not while other tabs wait for the lock.
      await tokens.current();
    } catch (error) {
      return error instanceof SignedOut ? false : pause(NO_TOKEN_PAUSE_MS, signal);
    }
    if (step.do === "read") await this.#locked(id);
    else await this.#afterOthers(() => this.#locked(id));
    return true;
  }

  /** Send one submission at a time: the first is complete sooner than if all shared the line. */
  #afterOthers(turn: () => Promise<void>): Promise<void> {
    const done = this.#sending.then(turn, turn);
    this.#sending = done.catch(() => undefined);
    return done;
  }

  async #locked(id: string): Promise<void> {
    const turn = () => this.#turn(id);
    // Locks exist in a secure context alone. Without them the service's idempotency key still holds.
    if (navigator.locks === undefined) return turn();
    const name = `submission/${id}`;
    try {
      await navigator.locks.request(name, { signal: AbortSignal.timeout(LONGEST_STEP_MS) }, turn);
    } catch (error) {
      if ((error as Error).name === "TimeoutError") await navigator.locks.request(name, { steal: true }, turn);
      // Stolen from this tab, which was frozen: what its step brings is still noted.
      else if ((error as Error).name !== "AbortError") throw error;
    }
  }

  async #turn(id: string): Promise<void> {
    const { desk, onChange, onSent } = this.#with;
    const submission = await desk.submission(id);
    if (submission === null || this.#stop.signal.aborted) return;
    const event = await this.#step(submission);
    if (event === null) return;
    const after = await desk.note(id, event);
    if (after !== null && hasEnded(after)) await desk.keepFirstPhoto(after);
    onSent(id, null);
    await onChange();
  }

  /** Do the next step and return what came of it; null: nothing. */
  async #step(submission: Submission): Promise<Event | null> {
    const { desk, requests, onSent } = this.#with;
    const { id, report, photos, byUpload } = submission;
    const step = nextStep(submission, Date.now());
    switch (step.do) {
      case "forget":
        return { type: "forgotten" };
      case "read": {
        const { signal } = this.#wake;
        const event = await requests.read(report ?? "", step.waitSeconds, signal);
        return signal.aborted ? null : event;
      }
      case "upload": {
        const bytes = await desk.photo(step.photo.id);
        const at = photos.indexOf(step.photo);
        if (bytes === undefined) return lost(submission, at);
        return requests.upload(step.photo, bytes, (part) => onSent(id, (at + part) / photos.length));
      }
      case "send": {
        const bytes = byUpload ? [] : await Promise.all(photos.map((photo) => desk.photo(photo.id)));
        const missing = bytes.indexOf(undefined);
        if (missing >= 0) return lost(submission, missing);
        // Noted first: after a crash it is known that a report may have been made.
        await desk.note(id, { type: "sending", at: Date.now() });
        return requests.send(submission, bytes as PhotoBytes[], (part) => onSent(id, part));
      }
      default:
        return null;
    }
  }
}

/** The browser has deleted the bytes of a photo: the person must choose it again. */
function lost({ maybeSince, photos }: Submission, at: number): Event {
  const complaint = { ...NO_COMPLAINT, code: "unreadable" };
  return { type: "complaint", at: Date.now(), of: "upload", complaint, photo: photos[at]?.id ?? null, maybeSince };
}

/** Return a time up to a fifth longer, so that many clients do not return at one moment. */
function jittered(milliseconds: number): number {
  return milliseconds * (1 + Math.random() / 5);
}

/** Wait so long, or until `wake`. */
function pause(milliseconds: number, wake: AbortSignal): Promise<true> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      wake.removeEventListener("abort", done);
      resolve(true);
    };
    // A browser takes a longer one for none.
    const timer = setTimeout(done, Math.min(milliseconds, 2 ** 31 - 1));
    if (wake.aborted) done();
    else wake.addEventListener("abort", done);
  });
}

/** The draft and the submissions of the person who is signed in, which go on by themselves in every tab.
 *
 * A tab holds the lock of a submission while it does one step of it, so tabs take turns.
 */
import type { Language } from "../i18n/index.ts";
import { Desk, type PhotoBytes } from "./desk.ts";
import { type Draft, type DraftPhoto, MOST_PHOTOS, withChange, withPhotos } from "./draft.ts";
import { prepare, type Shrink } from "./prepare.ts";
import { KeptRecords, PageRecords, type Records } from "./records.ts";
import type { Requests } from "./requests.ts";
import { hasEnded, nextStep, NO_COMPLAINT, type Submission } from "./submission.ts";

/** A step ends within two minutes; a tab that the system has frozen may hold its lock for ever. */
const LONGEST_STEP_MS = 120_000;
const KEPT_ENDED_MS = 86_400_000;

export interface Shown {
  readonly draft: Draft | null;
  readonly submissions: readonly Submission[];
  /** The part of a request's photos that has left, 0 to 1, by submission. */
  readonly sent: ReadonlyMap<string, number>;
  /** Whether photos outlast this page. */
  readonly isKept: boolean;
}

export class Outbox {
  shown: Shown = { draft: null, submissions: [], sent: new Map(), isKept: true };
  readonly #requests: Requests;
  readonly #shrink: Shrink;
  readonly #channel = new BroadcastChannel("capture");
  readonly #listeners = new Set<() => void>();
  readonly #driven = new Set<string>();
  readonly #preparing = new Set<string>();
  #records: Promise<Records> | null = null;
  #desk: Desk | null = null;
  #sending: Promise<unknown> = Promise.resolve();
  /** Aborted when the network or the page returns: what rests or waits looks again. */
  #wake = new AbortController();

  constructor(requests: Requests, shrink: Shrink) {
    this.#requests = requests;
    this.#shrink = shrink;
    this.#channel.addEventListener("message", () => void this.#refresh());
    addEventListener("online", () => void this.wake());
    addEventListener("pageshow", () => void this.wake());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.wake();
    });
  }

  /** Call `listener` after each change of `shown`; returns what ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Go on for the person who has signed in; null: stop until someone signs in. */
  async open(owner: string | null, languages: readonly Language[]): Promise<void> {
    if (owner === null) {
      this.#desk = null;
      return;
    }
    if (this.#desk?.owner !== owner) {
      const desk = new Desk(owner, await this.#openRecords());
      this.#desk = desk;
      const draft = await desk.draft(languages);
      this.#show({ draft, submissions: [] });
      for (const { id, acceptedAt, progress } of await desk.submissions()) {
        const isOld = Date.now() - (acceptedAt ?? Date.now()) > KEPT_ENDED_MS;
        if (progress?.status === "succeeded" && isOld) await desk.discard(id);
      }
    }
    await this.wake();
  }

  /** Look again at all that waits for the network, the person's sign-in or this page. */
  async wake(): Promise<void> {
    this.#wake.abort();
    this.#wake = new AbortController();
    const desk = this.#desk;
    if (desk === null) return;
    for (const { id } of await desk.submissions()) await desk.note(id, { type: "woken" });
    await this.#refresh();
  }

  /** Add files to the draft; return how many there was no room for. Rejects if the browser has no room. */
  async add(files: readonly File[]): Promise<number> {
    let leftOut = 0;
    for (const file of files) {
      const draft = this.shown.draft;
      if (draft === null || draft.photos.length >= MOST_PHOTOS) {
        leftOut++;
        continue;
      }
      const bytes = await file.arrayBuffer().catch(() => null);
      const fault = bytes === null ? "unreadable" : null;
      const { name, type, size } = file;
      const photo: DraftPhoto = { id: crypto.randomUUID(), name, type, bytes: size, prepared: false, fault, said: "" };
      const added = bytes === null ? {} : { [photo.id]: { type, bytes } };
      await this.changeDraft((kept) => withPhotos(kept, [photo]).draft, added);
    }
    return leftOut;
  }

  /** Change the draft, of this and every other tab. Rejects if the browser has no room. */
  async changeDraft(change: (draft: Draft) => Draft, bytes: Readonly<Record<string, PhotoBytes>> = {}): Promise<void> {
    if (this.#desk === null || this.shown.draft === null) return;
    await this.#desk.changeDraft(this.shown.draft, change, bytes);
    await this.#changed();
  }

  /** Send the draft that is shown; return its id, null if it cannot be sent or another tab has sent it. */
  async submit(): Promise<string | null> {
    const { draft } = this.shown;
    if (this.#desk === null || draft === null) return null;
    const submission = await this.#desk.submit(draft.id, Date.now());
    await this.#changed();
    return submission?.id ?? null;
  }

  /** Try again now what waits or has stopped. */
  async again(id: string): Promise<void> {
    await this.#desk?.note(id, { type: "again" });
    await this.#changed();
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  /** Make a draft of a submission of which there is no report. */
  async change(id: string): Promise<void> {
    await this.#desk?.change(id);
    await this.#changed();
  }

  /** Forget a submission and its photos. */
  async discard(id: string): Promise<void> {
    await this.#desk?.discard(id);
    await this.#changed();
  }

  /** Return a photo to look at; null: the browser has lost it. */
  async photo(id: string): Promise<Blob | null> {
    const photo = await this.#desk?.photo(id);
    return photo === undefined ? null : new Blob([photo.bytes], { type: photo.type });
  }

  #openRecords(): Promise<Records> {
    this.#records ??= (async () => {
      try {
        const records = new KeptRecords();
        await records.all("draft/");
        return records;
      } catch {
        this.#show({ isKept: false });
        return new PageRecords();
      }
    })();
    return this.#records;
  }

  async #changed(): Promise<void> {
    this.#channel.postMessage(null);
    await this.#refresh();
  }

  async #refresh(): Promise<void> {
    const desk = this.#desk;
    if (desk === null) return;
    const languages = this.shown.draft?.languages ?? ["en"];
    const [draft, submissions] = await Promise.all([desk.draft(languages), desk.submissions()]);
    if (desk !== this.#desk) return;
    this.#show({ draft, submissions });
    for (const photo of draft.photos) void this.#prepare(desk, photo);
    for (const { id } of submissions) void this.#drive(desk, id);
  }

  #show(change: Partial<Shown>): void {
    this.shown = { ...this.shown, ...change };
    for (const listener of this.#listeners) listener();
  }

  async #prepare(desk: Desk, { id, prepared, fault }: DraftPhoto): Promise<void> {
    if (prepared || fault !== null || this.#preparing.has(id)) return;
    this.#preparing.add(id);
    try {
      const original = await desk.photo(id);
      const made = original === undefined ? "unreadable" : await prepare(original, this.#shrink);
      if (typeof made === "string") await this.changeDraft((draft) => withChange(draft, id, { fault: made }));
      else {
        const change = { type: made.type, bytes: made.bytes.byteLength, prepared: true };
        await this.changeDraft((draft) => withChange(draft, id, change), { [id]: made });
      }
    } finally {
      this.#preparing.delete(id);
    }
  }

  async #drive(desk: Desk, id: string): Promise<void> {
    if (this.#driven.has(id)) return;
    this.#driven.add(id);
    try {
      while (desk === this.#desk) {
        const submission = await desk.submission(id);
        if (submission === null) return;
        const step = nextStep(submission, Date.now());
        if (step.do === "nothing") return;
        if (step.do === "rest") await pause(jittered(step.until - Date.now()), this.#wake.signal);
        else if (!navigator.onLine) await pause(LONGEST_STEP_MS, this.#wake.signal);
        else if (step.do === "send" || step.do === "upload") await this.#afterOthers(() => this.#locked(desk, id));
        else await this.#locked(desk, id);
      }
    } finally {
      this.#driven.delete(id);
    }
  }

  /** Send one submission at a time: the first is complete sooner than if all shared the line. */
  #afterOthers(turn: () => Promise<void>): Promise<void> {
    const done = this.#sending.then(turn, turn);
    this.#sending = done;
    return done;
  }

  async #locked(desk: Desk, id: string): Promise<void> {
    const turn = () => this.#turn(desk, id);
    // The locks of a page exist in a secure context alone; without them, the service's key still holds.
    if (navigator.locks === undefined) return turn();
    const name = `submission/${id}`;
    try {
      await navigator.locks.request(name, { signal: AbortSignal.timeout(LONGEST_STEP_MS) }, turn);
    } catch (error) {
      if ((error as Error).name === "TimeoutError") return navigator.locks.request(name, { steal: true }, turn);
      // Stolen from this tab, which was frozen.
      if ((error as Error).name !== "AbortError") throw error;
    }
  }

  async #turn(desk: Desk, id: string): Promise<void> {
    const submission = await desk.submission(id);
    if (submission === null || desk !== this.#desk) return;
    const step = nextStep(submission, Date.now());
    const sent = (part: number) => this.#tell(id, part);
    if (step.do === "forget") await desk.note(id, { type: "forgotten" });
    if (step.do === "upload") {
      const bytes = await desk.photo(step.photo.id);
      const at = submission.photos.indexOf(step.photo);
      const overall = (part: number) => sent((at + part) / submission.photos.length);
      if (bytes === undefined) return this.#lost(desk, submission, at);
      await desk.note(id, await this.#requests.upload(step.photo, bytes, overall));
    }
    if (step.do === "send") {
      const photos = submission.byUpload ? [] : await Promise.all(submission.photos.map((each) => desk.photo(each.id)));
      const lost = photos.indexOf(undefined);
      if (lost >= 0) return this.#lost(desk, submission, lost);
      // Written first: after a crash it is known that a report may have been made.
      await desk.note(id, { type: "sending", at: Date.now() });
      await desk.note(id, await this.#requests.send(submission, photos as PhotoBytes[], sent));
    }
    if (step.do === "read" && submission.report !== null) {
      const { signal } = this.#wake;
      const event = await this.#requests.read(submission.report, step.waitSeconds, signal);
      if (!signal.aborted) await desk.note(id, event);
    }
    const after = await desk.submission(id);
    if (after !== null && hasEnded(after)) await desk.keepFirstPhoto(after);
    this.#tell(id, null);
    await this.#changed();
  }

  /** The browser has deleted the bytes of a photo: the person must choose it again. */
  async #lost(desk: Desk, { id, maybeSince, photos }: Submission, at: number): Promise<void> {
    const complaint = { ...NO_COMPLAINT, code: "unreadable" };
    const photo = photos[at]?.id ?? null;
    await desk.note(id, { type: "complaint", at: Date.now(), of: "upload", complaint, photo, maybeSince });
    await this.#changed();
  }

  #tell(id: string, part: number | null): void {
    const sent = new Map(this.shown.sent);
    if (part === null) sent.delete(id);
    else sent.set(id, part);
    this.#show({ sent });
  }
}

/** Return a time up to a fifth longer, so that many clients do not return at one moment. */
function jittered(milliseconds: number): number {
  return milliseconds * (1 + Math.random() / 5);
}

function pause(milliseconds: number, wake: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      wake.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(milliseconds, 2 ** 31 - 1));
    wake.addEventListener("abort", done);
  });
}

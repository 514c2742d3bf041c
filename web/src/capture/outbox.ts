/** The draft and the submissions of the person who is signed in, in every tab the same. */
import type { Language } from "../i18n/index.ts";
import { type Complaint, NO_COMPLAINT } from "./complaint.ts";
import { Desk, type PhotoBytes } from "./desk.ts";
import { type Draft, type DraftPhoto, type Fault, MOST_PHOTOS, withChange, withPhotos } from "./draft.ts";
import { prepare, type Shrink } from "./prepare.ts";
import { KeptRecords, PageRecords, type Records } from "./records.ts";
import { Runner, type RunnerOptions } from "./runner.ts";
import { hasEnded, type Submission } from "./submission.ts";

/** A report that was not opened stays here for a day; it is on the shelf all the time. */
const KEPT_ENDED_MS = 86_400_000;

export interface Shown {
  readonly draft: Draft | null;
  readonly submissions: readonly Submission[];
  /** The part of a request's photos that has left, 0 to 1, by submission. */
  readonly sent: ReadonlyMap<string, number>;
  /** Whether photos outlast this page. */
  readonly isKept: boolean;
}

/** Whether a sign-out would lose photos: no report is being made of them. */
export function hasUnsent({ draft, submissions }: Shown): boolean {
  return (draft?.photos.length ?? 0) > 0 || submissions.some(({ report }) => report === null);
}

export interface OutboxOptions extends Pick<RunnerOptions, "requests" | "tokens" | "connection"> {
  readonly shrink: Shrink;
}

export class Outbox {
  shown: Shown = { draft: null, submissions: [], sent: new Map(), isKept: true };
  readonly #with: OutboxOptions;
  readonly #channel = new BroadcastChannel("capture");
  readonly #listeners = new Set<() => void>();
  readonly #preparing = new Set<string>();
  #records: Promise<Records> | null = null;
  #open: { readonly desk: Desk; readonly runner: Runner } | null = null;
  #opening: Promise<void> = Promise.resolve();

  constructor(options: OutboxOptions) {
    this.#with = options;
    this.#channel.addEventListener("message", () => void this.#refresh());
    options.connection.subscribe((isOnline) => {
      if (isOnline) void this.wake();
    });
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

  /**
   * Show what the person `owner` has, and go on with it; null: no person is signed in. What was open before belongs
   * to a person who has signed out: the next one at this device finds nothing of it.
   */
  open(owner: string | null, languages: readonly Language[]): Promise<void> {
    // One after another: a sign-out may come while the records of the person are being opened.
    const turn = () => this.#enter(owner, languages);
    this.#opening = this.#opening.then(turn, turn);
    return this.#opening;
  }

  async #enter(owner: string | null, languages: readonly Language[]): Promise<void> {
    if (this.#open?.desk.owner === owner) return this.wake();
    const left = this.#open;
    left?.runner.stop();
    this.#open = null;
    this.#show({ draft: null, submissions: [], sent: new Map() });
    await left?.desk.clear();
    if (owner === null) return;
    const desk = new Desk(owner, await this.#openRecords());
    const { requests, tokens, connection } = this.#with;
    const onChange = () => this.#changed();
    const onSent = (id: string, part: number | null) => this.#tell(id, part);
    const runner = new Runner({ desk, requests, tokens, connection, onChange, onSent });
    this.#open = { desk, runner };
    this.#show({ draft: await desk.draft(languages) });
    for (const submission of await desk.submissions()) {
      const isOld = Date.now() - (submission.acceptedAt ?? Date.now()) > KEPT_ENDED_MS;
      if (hasEnded(submission) && isOld) await desk.discard(submission.id);
    }
    await this.wake();
  }

  /** Look again at all that waits for the network or for this page. */
  async wake(): Promise<void> {
    if (this.#open === null) return;
    const { desk, runner } = this.#open;
    for (const { id } of await desk.submissions()) await desk.note(id, { type: "woken" });
    runner.wake();
    await this.#refresh();
  }

  /** Add files to the draft; return how many there was no room for. Rejects if the browser has no room. */
  async add(files: readonly File[]): Promise<number> {
    let leftOut = 0;
    for (const file of files) {
      if ((this.shown.draft?.photos.length ?? MOST_PHOTOS) >= MOST_PHOTOS) {
        leftOut++;
        continue;
      }
      const bytes = await file.arrayBuffer().catch(() => null);
      const fault = bytes === null ? faultOf("unreadable") : null;
      const { type, size } = file;
      const photo: DraftPhoto = { id: crypto.randomUUID(), type, bytes: size, prepared: false, fault };
      const added = bytes === null ? {} : { [photo.id]: { type, bytes } };
      await this.changeDraft((kept) => withPhotos(kept, [photo]).draft, added);
    }
    return leftOut;
  }

  /** Change the draft, of this and every other tab. Rejects if the browser has no room. */
  async changeDraft(change: (draft: Draft) => Draft, bytes: Readonly<Record<string, PhotoBytes>> = {}): Promise<void> {
    if (this.#open === null || this.shown.draft === null) return;
    await this.#open.desk.changeDraft(this.shown.draft, change, bytes);
    await this.#changed();
  }

  /** Send the draft that is shown; return its id, null if it cannot be sent or another tab has sent it. */
  async submit(): Promise<string | null> {
    if (this.#open === null || this.shown.draft === null) return null;
    const submission = await this.#open.desk.submit(this.shown.draft.id, Date.now());
    await this.#changed();
    return submission?.id ?? null;
  }

  /** Try again now what waits or has stopped. */
  async again(id: string): Promise<void> {
    await this.#open?.desk.note(id, { type: "again" });
    this.#open?.runner.wake();
    await this.#changed();
  }

  /** Make a draft of a submission of which there is no report. */
  async change(id: string): Promise<void> {
    await this.#open?.desk.change(id);
    await this.#changed();
  }

  /** Forget a submission and its photos. */
  async discard(id: string): Promise<void> {
    await this.#open?.desk.discard(id);
    await this.#changed();
  }

  /** Return a photo to look at; null: the browser has lost it. */
  async photo(id: string): Promise<Blob | null> {
    const photo = await this.#open?.desk.photo(id);
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
    const open = this.#open;
    if (open === null || this.shown.draft === null) return;
    const { desk, runner } = open;
    const { languages } = this.shown.draft;
    const [draft, submissions] = await Promise.all([desk.draft(languages), desk.submissions()]);
    if (open !== this.#open) return;
    this.#show({ draft, submissions });
    for (const photo of draft.photos) void this.#prepare(desk, photo);
    for (const { id } of submissions) void runner.drive(id);
  }

  #show(change: Partial<Shown>): void {
    this.shown = { ...this.shown, ...change };
    for (const listener of this.#listeners) listener();
  }

  #tell(id: string, part: number | null): void {
    const sent = new Map(this.shown.sent);
    if (part === null) sent.delete(id);
    else sent.set(id, part);
    this.#show({ sent });
  }

  async #prepare(desk: Desk, { id, prepared, fault }: DraftPhoto): Promise<void> {
    if (prepared || fault !== null || this.#preparing.has(id)) return;
    this.#preparing.add(id);
    try {
      const original = await desk.photo(id);
      const made = original === undefined ? "unreadable" : await prepare(original, this.#with.shrink);
      if (typeof made === "string") await this.changeDraft((draft) => withChange(draft, id, { fault: faultOf(made) }));
      else {
        const change = { type: made.type, bytes: made.bytes.byteLength, prepared: true };
        await this.changeDraft((draft) => withChange(draft, id, change), { [id]: made });
      }
    } finally {
      this.#preparing.delete(id);
    }
  }
}

function faultOf(code: Fault): Complaint {
  return { ...NO_COMPLAINT, code };
}

/** Drafts, photos and submissions of one person in the records. */
import type { Language } from "../i18n/index.ts";
import { type Draft, type DraftPhoto, isReady } from "./draft.ts";
import type { Records } from "./records.ts";
import { afterEvent, canChange, type Event, newSubmission, type SentPhoto, type Submission } from "./submission.ts";

/** A photo's bytes as it is sent, or as it was chosen while it is not prepared. */
export interface PhotoBytes {
  readonly type: string;
  readonly bytes: ArrayBuffer;
}

export class Desk {
  readonly owner: string;
  readonly #records: Records;
  readonly #newId: () => string;

  constructor(owner: string, records: Records, newId: () => string = () => crypto.randomUUID()) {
    this.owner = owner;
    this.#records = records;
    this.#newId = newId;
  }

  /** Return the draft; without one, a new one in `languages`, which is not kept yet. */
  async draft(languages: readonly Language[]): Promise<Draft> {
    const kept = await this.#records.transact([this.#draftKey], ([kept]) => ({ result: kept as Draft | undefined }));
    return kept ?? this.#newDraft(languages);
  }

  /** Change the draft as it is kept, or `shown` if none is; `bytes` are those of new photos. Return it. */
  changeDraft(
    shown: Draft,
    change: (draft: Draft) => Draft,
    bytes: Readonly<Record<string, PhotoBytes>> = {},
  ): Promise<Draft> {
    return this.#records.transact([this.#draftKey], ([kept]) => {
      const before = (kept as Draft | undefined) ?? shown;
      const after = change(before);
      const ids = new Set(after.photos.map(({ id }) => id));
      const gone = before.photos.filter(({ id }) => !ids.has(id)).map(({ id }) => [photoKey(id), null]);
      const stored = Object.entries(bytes).filter(([id]) => ids.has(id));
      return {
        put: {
          [this.#draftKey]: after,
          ...Object.fromEntries(gone),
          ...Object.fromEntries(stored.map(([id, photo]) => [photoKey(id), photo])),
        },
        result: after,
      };
    });
  }

  /** Turn the draft into a submission, and leave an empty one. Return null if it is not ready or was sent. */
  submit(id: string, now: number): Promise<Submission | null> {
    return this.#records.transact([this.#draftKey], ([kept]) => {
      const draft = kept as Draft | undefined;
      if (draft === undefined || draft.id !== id || !isReady(draft)) return { result: null };
      const photos = draft.photos.map(({ id, type, bytes }) => ({ id, type, bytes, upload: null }));
      const submission = newSubmission({ id, owner: this.owner, languages: draft.languages, photos, createdAt: now });
      const put = {
        [this.#submissionKey(id)]: submission,
        [this.#draftKey]: this.#newDraft(draft.languages),
      };
      return { put, result: submission };
    });
  }

  /** Make a draft of a submission of which there is no report; return whether it was possible. */
  change(id: string): Promise<boolean> {
    return this.#records.transact([this.#draftKey, this.#submissionKey(id)], ([kept, sent]) => {
      const draft = kept as Draft | undefined;
      const submission = sent as Submission | undefined;
      const isNextBegun = (draft?.photos.length ?? 0) > 0;
      if (submission === undefined || !canChange(submission) || isNextBegun) return { result: false };
      // Other photos need another idempotency key.
      const photos = submission.photos.map((photo, at) => draftPhoto(photo, at, submission));
      const put = {
        [this.#draftKey]: { ...this.#newDraft(submission.languages), photos },
        [this.#submissionKey(id)]: null,
      };
      return { put, result: true };
    });
  }

  /** Return the submissions, oldest first. */
  async submissions(): Promise<readonly Submission[]> {
    const all = await this.#records.all<Submission>(this.#submissionKey(""));
    return [...all].sort((one, other) => one.createdAt - other.createdAt);
  }

  /** Return a submission as it is now; null: it was removed. */
  submission(id: string): Promise<Submission | null> {
    return this.#records.transact([this.#submissionKey(id)], ([kept]) => ({
      result: (kept as Submission | undefined) ?? null,
    }));
  }

  /** Apply `event` to a submission and return it; null: it was removed. */
  note(id: string, event: Event): Promise<Submission | null> {
    return this.#records.transact([this.#submissionKey(id)], ([kept]) => {
      if (kept === undefined) return { result: null };
      const before = kept as Submission;
      const after = afterEvent(before, event);
      return { put: after === before ? {} : { [this.#submissionKey(id)]: after }, result: after };
    });
  }

  /** Remove a submission and its photos. */
  discard(id: string): Promise<void> {
    return this.#records.transact([this.#submissionKey(id)], ([kept]) => {
      const photos = (kept as Submission | undefined)?.photos ?? [];
      const gone = photos.map((photo) => [photoKey(photo.id), null]);
      return { put: { [this.#submissionKey(id)]: null, ...Object.fromEntries(gone) }, result: undefined };
    });
  }

  /** Delete the draft, the submissions and their photos. */
  async clear(): Promise<void> {
    for (const { id } of await this.submissions()) await this.discard(id);
    await this.#records.transact([this.#draftKey], ([kept]) => {
      const photos = (kept as Draft | undefined)?.photos ?? [];
      const gone = photos.map(({ id }) => [photoKey(id), null]);
      return { put: { [this.#draftKey]: null, ...Object.fromEntries(gone) }, result: undefined };
    });
  }

  /** Delete the photos of a submission but the first, by which a person knows it. */
  keepFirstPhoto({ photos }: Submission): Promise<void> {
    const put = Object.fromEntries(photos.slice(1).map(({ id }) => [photoKey(id), null]));
    return this.#records.transact([], () => ({ put, result: undefined }));
  }

  /** Return a photo's bytes; undefined: the browser has lost them. */
  async photo(id: string): Promise<PhotoBytes | undefined> {
    return this.#records.transact([photoKey(id)], ([kept]) => ({ result: kept as PhotoBytes | undefined }));
  }

  #newDraft(languages: readonly Language[]): Draft {
    return { id: this.#newId(), owner: this.owner, languages, photos: [] };
  }

  get #draftKey(): string {
    return `draft/${encodeURIComponent(this.owner)}`;
  }

  #submissionKey(id: string): string {
    return `submission/${encodeURIComponent(this.owner)}/${id}`;
  }
}

function photoKey(id: string): string {
  return `photo/${id}`;
}

/** Return a photo of a submission as one of a draft: what was wrong with it is said there. */
function draftPhoto({ id, type, bytes }: SentPhoto, at: number, { stop }: Submission): DraftPhoto {
  const fault = stop?.kind === "refused" && stop.photo === at ? stop.complaint : null;
  return { id, type, bytes, prepared: true, fault };
}

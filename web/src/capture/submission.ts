/** A submission: photos on their way to one report, as a state machine without network or storage.
 *
 * `nextStep` says what to do, `afterEvent` what follows from what happened. The id of a submission is its
 * idempotency key: the service makes one report of it, and remembers it for a day. Until then any tab may repeat
 * any request. Times are milliseconds since 1970.
 */
import type { Language } from "../i18n/index.ts";
import type { Complaint } from "./complaint.ts";

export interface SentPhoto {
  readonly id: string;
  readonly type: string;
  readonly bytes: number;
  /** The id of its upload, where the photos do not fit into one request. */
  readonly upload: string | null;
}

/** What the service said of a report: `waiting` is its `waiting_code`. */
export interface Progress {
  readonly status: "queued" | "running" | "succeeded" | "failed";
  readonly stage: string | null;
  readonly waiting: string | null;
  readonly title: string | null;
}

/** Why a submission does not go on by itself.
 *
 * - `refused`: nothing was made; `photo` is the index of the photo at fault.
 * - `failed`: the report ended without a result.
 * - `erased`: the report was deleted, or has expired.
 * - `unsure`: a request got no answer, and the service has forgotten its key: a report may exist.
 */
export type Stop =
  | { readonly kind: "refused"; readonly complaint: Complaint; readonly photo: number | null }
  | { readonly kind: "failed"; readonly complaint: Complaint }
  | { readonly kind: "erased" }
  | { readonly kind: "unsure" };

/** Why the next try waits until `notBefore`. */
export type Delay = "network" | "busy" | "quota" | "signed_out";

export interface Submission {
  readonly id: string;
  readonly owner: string;
  readonly languages: readonly Language[];
  readonly photos: readonly SentPhoto[];
  readonly createdAt: number;
  /** When the first request began that may have been accepted; null: certainly none was. */
  readonly maybeSince: number | null;
  readonly byUpload: boolean;
  readonly report: string | null;
  readonly acceptedAt: number | null;
  readonly progress: Progress | null;
  readonly stop: Stop | null;
  readonly delay: Delay | null;
  readonly notBefore: number;
  /** Failures in a row, and how often uploads were found to be gone. */
  readonly failures: number;
  readonly lostUploads: number;
}

export type Step =
  | { readonly do: "upload"; readonly photo: SentPhoto }
  | { readonly do: "send" }
  | { readonly do: "read"; readonly waitSeconds: number }
  | { readonly do: "rest"; readonly until: number }
  | { readonly do: "forget" }
  | { readonly do: "nothing" };

/** What happened; in any order, also twice. */
export type Event =
  | { readonly type: "uploaded"; readonly photo: string; readonly upload: string }
  | { readonly type: "sending"; readonly at: number }
  | {
      readonly type: "answered";
     
      readonly at: number;
      readonly report: string;
      readonly progress: Progress;
      readonly failure: Complaint | null;
      readonly retryAfter: number | null;
    }
  | {
      readonly type: "complaint";
     
      readonly at: number;
      readonly of: Purpose;
      readonly complaint: Complaint;
      /** The photo that was uploaded. */
      readonly photo: string | null;
      /** `maybeSince` before this request. */
      readonly maybeSince: number | null;
    }
  | { readonly type: "no_answer"; readonly at: number; readonly of: Purpose; readonly begun: number }
  | { readonly type: "woken" }
  | { readonly type: "forgotten" }
  | { readonly type: "again" };

export type Purpose = "upload" | "send" | "read";

/** The service forgets a key after 24 hours; the rest is for a request on its way. */
export const KEY_LIFE_MS = (24 * 60 - 5) * 60_000;
/** The service takes 10 MB in one request; the rest is for the form around the photos. */
export const FORM_BYTES = 9_900_000;
const LOST_UPLOADS = 3;
const LONGEST_PAUSE_MS = 60_000;
/** So long after it was accepted, a report is read as often as its stages change. */
const CLOSE_LOOK_MS = 60_000;

/** Return a submission that is ready to be sent. */
export function newSubmission(
  of: Pick<Submission, "id" | "owner" | "languages" | "photos" | "createdAt">,
): Submission {
  return {
    ...of,
    maybeSince: null,
    byUpload: of.photos.reduce((sum, photo) => sum + photo.bytes, 0) > FORM_BYTES,
    report: null,
    acceptedAt: null,
    progress: null,
    stop: null,
    delay: null,
    notBefore: 0,
    failures: 0,
    lostUploads: 0,
  };
}

/** Whether the report is there. */
export function hasEnded(submission: Submission): boolean {
  return submission.progress?.status === "succeeded";
}

/** Whether its photos may go into another submission: no report was made of them, and none will be. */
export function canChange({ report, maybeSince, stop }: Submission): boolean {
  return stop?.kind === "failed" || stop?.kind === "erased" || (report === null && maybeSince === null);
}

/** Return what to do now. */
export function nextStep(submission: Submission, now: number): Step {
  const { stop, report, notBefore, maybeSince, photos, byUpload, acceptedAt } = submission;
  if (stop !== null || hasEnded(submission)) return { do: "nothing" };
  if (now < notBefore) return { do: "rest", until: notBefore };
  if (report !== null) {
    // Short waits show the stages; a long one costs fewer requests.
    return { do: "read", waitSeconds: now - (acceptedAt ?? now) < CLOSE_LOOK_MS ? 2 : 20 };
  }
  if (maybeSince !== null && now - maybeSince >= KEY_LIFE_MS) return { do: "forget" };
  const photo = byUpload ? photos.find(({ upload }) => upload === null) : undefined;
  return photo === undefined ? { do: "send" } : { do: "upload", photo };
}

/** Return the submission after `event`. An event that comes late or twice does no harm. */
export function afterEvent(was: Submission, event: Event): Submission {
  if (hasEnded(was)) return was;
  switch (event.type) {
    case "sending":
      return { ...was, maybeSince: was.maybeSince ?? event.at };
    case "uploaded":
      return uploaded(was, event.photo, event.upload);
    case "answered":
      return answered(was, event);
    case "complaint":
      return isLate(was, event.of) ? was : complained(was, event);
    case "no_answer":
      if (isLate(was, event.of)) return was;
      return later({ ...was, maybeSince: earliest(was, event) }, "network", event.at, null);
    case "woken":
      return was.delay === "network" || was.delay === "signed_out" ? atOnce(was) : was;
    case "forgotten":
      return was.report === null ? stopped(was, { kind: "unsure" }) : was;
    case "again":
      return again(was);
  }
}

type Answered = Extract<Event, { type: "answered" }>;
type Complained = Extract<Event, { type: "complaint" }>;

/** Whether an answer to `of` comes after another request has settled the matter. */
function isLate({ stop, report }: Submission, of: Purpose): boolean {
  return stop !== null || (of === "read") === (report === null);
}

function earliest({ maybeSince }: Submission, { of, begun }: Extract<Event, { type: "no_answer" }>): number | null {
  return of === "send" ? Math.min(maybeSince ?? begun, begun) : maybeSince;
}

function uploaded(was: Submission, id: string, upload: string): Submission {
  const photos = was.photos.map((photo) => (photo.id === id ? { ...photo, upload } : photo));
  return atOnce({ ...was, photos, failures: 0 });
}

function answered(was: Submission, { at, report, progress, failure, retryAfter }: Answered): Submission {
  const over = was.stop?.kind === "failed" || was.stop?.kind === "erased";
  if (over && was.report === report) return was;
  const known = { ...was, report, progress, acceptedAt: was.acceptedAt ?? at, stop: null, failures: 0 };
  if (failure !== null) return stopped(known, { kind: "failed", complaint: failure });
  const isFresh = at - (was.acceptedAt ?? at) < CLOSE_LOOK_MS;
  const pause = isFresh || progress.status !== "queued" ? 0 : (retryAfter ?? 5);
  return { ...atOnce(known), notBefore: pause === 0 ? 0 : at + pause * 1000 };
}

function complained(was: Submission, { of, at, complaint, photo, maybeSince }: Complained): Submission {
  const { status, detail, field, report, retryAfter } = complaint;
  if (of === "read") {
    // Without a detail the gateway has answered, which knows no reports.
    if (status === 404 && detail !== "") return stopped(was, { kind: "erased" });
    return later(was, status === 401 || status === 403 ? "signed_out" : "busy", at, retryAfter);
  }
  if (report !== null) {
    if (status === 409) return { ...atOnce(was), report, acceptedAt: at, failures: 0 };
    return stopped({ ...was, report }, { kind: "failed", complaint });
  }
  if (status === 409 || status >= 500 || (status === 404 && detail === "")) return later(was, "busy", at, retryAfter);
  if (status === 404) return stopped(was, { kind: "erased" });
  // Any other answer says that this request was not accepted.
  const sure = of === "send" ? { ...was, maybeSince } : was;
  if (status === 401 || (status === 403 && detail === "")) return later(sure, "signed_out", at, null);
  if (status === 429) return later(sure, detail === "" ? "busy" : "quota", at, retryAfter);
  if (status === 413 && !was.byUpload) return atOnce({ ...sure, byUpload: true });
  if (status === 422 && field === "upload_ids" && was.lostUploads < LOST_UPLOADS) return withoutUploads(sure);
  const index = photo === null ? indexOf(field) : was.photos.findIndex(({ id }) => id === photo);
  // What is wrong with the photos was wrong with them in every request.
  return stopped({ ...sure, maybeSince: null }, { kind: "refused", complaint, photo: index });
}

/** Return the index in a field such as `images[2]`. */
function indexOf(field: string | null): number | null {
  const found = /\[(\d+)\]$/.exec(field ?? "");
  return found === null ? null : Number(found[1]);
}

function withoutUploads(was: Submission): Submission {
  const photos = was.photos.map((photo) => ({ ...photo, upload: null }));
  return atOnce({ ...was, photos, lostUploads: was.lostUploads + 1 });
}

function again(was: Submission): Submission {
  const retried = { ...atOnce(was), failures: 0, lostUploads: 0 };
  if (was.stop === null) return retried;
  // A failed or erased report has freed the key; one that may exist answers to it.
  return { ...retried, stop: null, report: null, acceptedAt: null, progress: null, maybeSince: null };
}

function stopped(was: Submission, stop: Stop): Submission {
  return { ...was, stop, delay: null, notBefore: 0 };
}

function atOnce(was: Submission): Submission {
  return { ...was, delay: null, notBefore: 0 };
}

function later(was: Submission, delay: Delay, at: number, retryAfter: number | null): Submission {
  const pause = Math.min(2_000 * 2 ** Math.min(was.failures, 10), LONGEST_PAUSE_MS);
  const notBefore = at + (retryAfter === null ? pause : retryAfter * 1000);
  return { ...was, delay, failures: was.failures + 1, notBefore };
}

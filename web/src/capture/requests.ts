/** The requests of a submission, each as the event that its answer is. */
import type { Api, Report } from "../api/client.ts";
import { ApiProblem, problemOf } from "../api/problem.ts";
import { SignedOut } from "../auth/session.ts";
import { type Complaint, NO_COMPLAINT } from "./complaint.ts";
import type { PhotoBytes } from "./desk.ts";
import type { Event, Purpose, SentPhoto, Submission } from "./submission.ts";
import { postForm, type Sent, tellingFetch } from "./transfer.ts";

/** How much longer than its wait an answer to a read may take. */
const READ_SLACK_MS = 15_000;

export class Requests {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Ask for the report of the photos, in their order. */
  send(submission: Submission, photos: readonly PhotoBytes[], sent: Sent): Promise<Event> {
    const { id, maybeSince } = submission;
    return this.#event("send", maybeSince, null, async () => {
      const header = { "idempotency-key": id, Prefer: "respond-async" };
      const content = submission.byUpload
        ? named(submission)
        : { ...form(submission, photos), fetch: tellingFetch(sent) };
      return reportEvent(await this.#api.POST("/analyze", { params: { header }, ...content }));
    });
  }

  /** Upload one photo to the image bucket. */
  upload(photo: SentPhoto, { type, bytes }: PhotoBytes, sent: Sent): Promise<Event> {
    return this.#event("upload", null, photo.id, async () => {
      const offered = await this.#api.POST("/uploads");
      if (offered.data === undefined) throw problemOf(offered.response, offered.error);
      const { id, url, fields } = offered.data;
      const content = new FormData();
      for (const [name, value] of Object.entries(fields)) content.append(name, value);
      content.append("Content-Type", type);
      content.append("file", new Blob([bytes], { type }));
      const answer = await postForm(url, content, sent);
      if (answer.ok) return { type: "uploaded", photo: photo.id, upload: id };
      throw bucketProblem(answer, await answer.text());
    });
  }

  /** Read the report; the service holds the answer until the report has ended, for `waitSeconds` at most. */
  read(report: string, waitSeconds: number, signal: AbortSignal): Promise<Event> {
    return this.#event("read", null, null, async () => {
      const answer = await this.#api.GET("/reports/{report_id}", {
        params: { path: { report_id: report }, header: { Prefer: `wait=${waitSeconds}` } },
        signal: AbortSignal.any([signal, AbortSignal.timeout(waitSeconds * 1000 + READ_SLACK_MS)]),
      });
      return reportEvent(answer);
    });
  }

  async #event(
    of: Purpose,
    maybeSince: number | null,
    photo: string | null,
    request: () => Promise<Event>,
  ): Promise<Event> {
    const begun = Date.now();
    try {
      return await request();
    } catch (error) {
      const at = Date.now();
      const complaint = error instanceof SignedOut ? { ...NO_COMPLAINT, status: 401 } : complaintOf(error);
      if (complaint !== null) return { type: "complaint", at, of, complaint, photo, maybeSince };
      // A TypeError of fetch, an abort, a body that is not JSON: the request may have been accepted.
      return { type: "no_answer", at, of, begun };
    }
  }
}

function form(submission: Submission, photos: readonly PhotoBytes[]) {
  const content = new FormData();
  for (const language of submission.languages) content.append("languages", language);
  photos.forEach(({ type, bytes }, at) => content.append("images", new Blob([bytes], { type }), `${at + 1}`));
  return { body: { images: [] }, bodySerializer: () => content };
}

function named({ photos, languages }: Submission) {
  return { body: { upload_ids: photos.map(({ upload }) => upload ?? ""), languages: [...languages] } };
}

function reportEvent(answer: { data?: unknown; error?: unknown; response: Response }): Event {
  const { response } = answer;
  if (!response.ok) throw problemOf(response, answer.error);
  // A report as text/html is never asked for.
  const data = answer.data as Report | undefined;
  if (typeof data?.id !== "string") throw new TypeError("not a report");
  const { id, status, stage = null, waiting_code: waiting = null, title = null, failure } = data;
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return {
    type: "answered",
    at: Date.now(),
    report: id,
    progress: { status, stage, waiting, title },
    failure: failure ? { ...NO_COMPLAINT, code: failure.code, detail: failure.reason, report: id } : null,
    retryAfter: Number.isFinite(seconds) ? seconds : null,
  };
}

function complaintOf(error: unknown): Complaint | null {
  if (!(error instanceof ApiProblem)) return null;
  const { status, code, detail, remedy, field, report, retryAfter } = error;
  // The detail of a field ends with the remedy.
  const problem = remedy !== "" && detail.endsWith(remedy) ? detail.slice(0, -remedy.length).trim() : detail;
  return { status, code, detail: problem, remedy, field, report, retryAfter };
}

/** Return what the bucket refuses, in XML. A link that has expired is replaced by the next try. */
function bucketProblem(answer: Response, xml: string): Error {
  if (xml.includes("EntityTooLarge")) return problemOf(new Response(null, { status: 413 }), { code: "too_large" });
  return new TypeError(`the bucket answered ${answer.status}`);
}

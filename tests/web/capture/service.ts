/** A service that behaves as `POST /analyze`, `POST /uploads` and `GET /reports/{id}` do, for tests of their client.
 *
 * As services/core/storage/reports.py: a key is remembered for 24 hours, counts before the quota, and is freed
 * when its report fails or is erased.
 */
import { type Complaint, NO_COMPLAINT } from "../../../web/src/capture/complaint.ts";
import type { Event, Progress } from "../../../web/src/capture/submission.ts";

export interface MadeReport {
  readonly id: string;
  readonly key: string;
  readonly photos: string;
  status: Progress["status"] | "erased";
}

type Answer =
  | Omit<Extract<Event, { type: "answered" }>, "type" | "at">
  | { readonly complaint: Complaint };

export const DAY_MS = 86_400_000;

export function complaint(status: number, more: Partial<Complaint> = {}): Complaint {
  return { ...NO_COMPLAINT, status, ...more };
}

export class Service {
  readonly reports: MadeReport[] = [];
  readonly uploads = new Set<string>();
  /** The answer to every request until it is null: an outage, a throttle, a refused token. */
  trouble: Complaint | null = null;
  quota = Number.POSITIVE_INFINITY;
  isRefusing = false;
  readonly #keys = new Map<string, { readonly report: MadeReport; readonly until: number }>();

  post(key: string, photos: readonly string[], uploads: readonly string[], now: number): Answer {
    if (this.trouble !== null) return { complaint: this.trouble };
    const known = this.#keys.get(key);
    if (known !== undefined && known.until >= now && known.report.status !== "failed") {
      if (known.report.photos !== photos.join()) return { complaint: complaint(422, { detail: "key reused" }) };
      return this.read(known.report.id);
    }
    if (this.reports.length >= this.quota) {
      return { complaint: complaint(429, { detail: "all 3 reports of the day are used", retryAfter: 3600 }) };
    }
    if (this.isRefusing) return { complaint: complaint(415, { detail: "is not a photo", field: "images[1]" }) };
    if (uploads.some((upload) => !this.uploads.has(upload))) {
      return { complaint: complaint(422, { detail: "no upload", field: "upload_ids" }) };
    }
    for (const upload of uploads) this.uploads.delete(upload);
    const report: MadeReport = { id: `R${this.reports.length}`, key, photos: photos.join(), status: "queued" };
    this.reports.push(report);
    this.#keys.set(key, { report, until: now + DAY_MS });
    return this.read(report.id);
  }

  upload(): string {
    const id = `U${this.uploads.size}-${Math.random()}`;
    this.uploads.add(id);
    return id;
  }

  read(id: string): Answer {
    if (this.trouble !== null) return { complaint: this.trouble };
    const report = this.reports.find((each) => each.id === id);
    if (report === undefined || report.status === "erased") {
      return { complaint: complaint(404, { detail: "no report" }) };
    }
    const failure = report.status === "failed" ? complaint(0, { code: "model_fault", report: id }) : null;
    return {
      report: id,
      progress: { status: report.status, stage: null, waiting: null, title: null },
      failure,
      retryAfter: report.status === "queued" ? 30 : null,
    };
  }

  end(id: string, status: "running" | "succeeded" | "failed" | "erased"): void {
    const report = this.reports.find((each) => each.id === id)!;
    if (report.status === "erased" || (report.status === "succeeded" && status !== "erased")) return;
    if (report.status === "failed" && status !== "erased") return;
    report.status = status;
    if ((status === "failed" || status === "erased") && this.#keys.get(report.key)?.report === report) {
      this.#keys.delete(report.key);
    }
  }
}

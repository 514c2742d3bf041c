/** What a person is told of a submission. */
import { minutesAsleep } from "../report/stages.ts";
import { hasEnded, type Submission } from "./submission.ts";

export type Status =
  | { readonly kind: "waits_for_network" | "sending" | "uploading" | "queued" | "unavailable" | "signed_out" | "ready" }
  /** The service's stage at work. */
  | { readonly kind: "accepted" | "looking" | "wording" }
  | { readonly kind: "asleep"; readonly minutes: number }
  /** The next try is at `at`, in milliseconds since 1970. */
  | { readonly kind: "no_answer" | "busy" | "quota"; readonly at: number }
  | { readonly kind: "refused" | "failed" | "erased" | "unsure" };

export interface Surroundings {
  readonly now: number;
  readonly isOnline: boolean;
  readonly isSignedIn: boolean;
  /** What a sleeping model needs to start; null: one is always running. */
  readonly startMinutes: number | null;
}

export function statusOf(submission: Submission, { now, isOnline, isSignedIn, startMinutes }: Surroundings): Status {
  const { stop, report, delay, notBefore, progress, byUpload } = submission;
  if (stop !== null) return { kind: stop.kind };
  if (hasEnded(submission)) return { kind: "ready" };
  if (!isOnline) return { kind: "waits_for_network" };
  if (!isSignedIn || delay === "signed_out") return { kind: "signed_out" };
  if (delay !== null && notBefore > now) return { kind: delay === "network" ? "no_answer" : delay, at: notBefore };
  if (report === null) return { kind: byUpload ? "uploading" : "sending" };
  const since = now - (submission.acceptedAt ?? now);
  const minutes = minutesAsleep(progress?.waiting ?? null, since, startMinutes);
  if (minutes !== null) return { kind: "asleep", minutes };
  if (progress?.waiting === "model_unavailable") return { kind: "unavailable" };
  if (progress?.stage === "narrate") return { kind: "wording" };
  if (progress?.stage === "model" || progress?.waiting === "model_pending") return { kind: "looking" };
  return { kind: progress?.status === "running" ? "accepted" : "queued" };
}

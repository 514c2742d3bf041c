/** Follows a report until it has ended. */
import type { Report } from "../api/client.ts";
import { ApiProblem } from "../api/problem.ts";

// A service that answers at once in spite of the wait asked for must not be asked without end.
const LEAST_PAUSE_S = 1;
const FIRST_PAUSE_S = 2;
const LONGEST_PAUSE_S = 30;

/** Return whether a report has succeeded or failed. */
export function hasEnded(report: Pick<Report, "status">): boolean {
  return report.status === "succeeded" || report.status === "failed";
}

/** Return whether a later try of the same request may succeed. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ApiProblem) return error.status === 429 || error.status >= 500;
  // A network that is away makes fetch throw a TypeError.
  return error instanceof TypeError;
}

/** What `follow` needs: the request, where the report goes, and a pause. */
export interface Follower {
  /** Ask for the report; true: wait for its end for a while. */
  ask(waits: boolean): Promise<Report>;
  show(report: Report): void;
  /** Say that the last request failed and is repeated; null: it is answered again. */
  trouble(error: unknown): void;
  /** Wait so many seconds, or less when the network returns; rejects once the follower has left. */
  pause(seconds: number): Promise<void>;
}

/**
 * Show the report as it is, then as it becomes, until it has ended. Passing errors are told and tried again,
 * with pauses that double up to LONGEST_PAUSE_S, or as the service says. Throws other errors.
 */
export async function follow(follower: Follower): Promise<void> {
  let waits = false;
  let failures = 0;
  for (;;) {
    try {
      const report = await follower.ask(waits);
      if (failures > 0) follower.trouble(null);
      failures = 0;
      waits = true;
      follower.show(report);
      if (hasEnded(report)) return;
      await follower.pause(LEAST_PAUSE_S);
    } catch (error) {
      if (!isPassing(error)) throw error;
      follower.trouble(error);
      const told = error instanceof ApiProblem ? error.retryAfter : null;
      await follower.pause(told ?? Math.min(FIRST_PAUSE_S * 2 ** failures, LONGEST_PAUSE_S));
      failures += 1;
    }
  }
}

/** The stages of a report that is being made, and how long it waits for a sleeping model. */
export const STAGES = ["accept", "model", "narrate"] as const;
export type Stage = (typeof STAGES)[number];

/** Return whether a stage is over, at work, or to come, when `at` is at work; null: not known, the first. */
export function stageState(stage: Stage, at: Stage | null): "done" | "now" | "next" {
  const distance = STAGES.indexOf(stage) - STAGES.indexOf(at ?? "accept");
  return distance < 0 ? "done" : distance === 0 ? "now" : "next";
}

/** A model that has not answered for so long is asleep. */
const AWAKE_WITHIN_MS = 20_000;
const MINUTE_MS = 60_000;

/**
 * Return in about how many minutes the model will have started; null: the report does not wait for that.
 * `waiting` is its `waiting_code`, `since` the milliseconds since it was accepted; `startMinutes` is what a sleeping
 * model needs, null where one is always running.
 */
export function minutesAsleep(waiting: string | null, since: number, startMinutes: number | null): number | null {
  if (waiting !== "model_pending" || startMinutes === null || since <= AWAKE_WITHIN_MS) return null;
  return Math.max(1, Math.ceil(startMinutes - since / MINUTE_MS));
}

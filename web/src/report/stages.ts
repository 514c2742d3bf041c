/** The stages of a report that is being made. */
export const STAGES = ["accept", "model", "narrate"] as const;
export type Stage = (typeof STAGES)[number];

/** Return whether a stage is over, at work, or to come, when `at` is at work; null: not known, the first. */
export function stageState(stage: Stage, at: Stage | null): "done" | "now" | "next" {
  const distance = STAGES.indexOf(stage) - STAGES.indexOf(at ?? "accept");
  return distance < 0 ? "done" : distance === 0 ? "now" : "next";
}

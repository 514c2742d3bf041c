/** The reports of reports.json, and a small catalogue. */
import { readFileSync } from "node:fs";

import type { Report } from "../../../web/src/api/client.ts";
import type { Catalogue } from "../../../web/src/report/catalogue.ts";

const file = new URL("./reports.json", import.meta.url);
const reports = JSON.parse(readFileSync(file, "utf-8")) as Record<string, Report>;

/** Return one of the recorded reports, with changes. */
export function report(name: "whole" | "older" | "unknown" | "corrected", changes: Partial<Report> = {}): Report {
  return { ...reports[name]!, ...changes };
}

const named = (...ids: string[]) => ids.map((id) => ({ id, name: id.replaceAll("_", " ") }));

export const CATALOGUE: Catalogue = {
  version: "1",
  departments: [
    {
      id: "kitchen",
      name: "kitchen",
      kinds: [...named("mug", "travel_mug", "vase"), { id: "teapot", name: "théière" }],
      materials: named("glass", "ceramic"),
      wear: named("chip", "crack"),
    },
    {
      id: "clothing",
      name: "clothing",
      kinds: named("coat", "waistcoat", "smug_hat"),
      materials: named("wool", "glass"),
      wear: named("stain", "hole"),
    },
  ],
  colours: named("blue", "red"),
  patterns: [],
};

/** What the owner corrects: the patches that are sent, and what the report said before. */
import type { Report } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { type Catalogue, departmentOf } from "./catalogue.ts";
import { type Named, UNKNOWN } from "./texts.ts";

type Schemas = components["schemas"];
/** A JSON merge patch of a report: null takes a correction back, what is left out stays. */
export interface Patch {
  product?: Partial<Record<Named, string | null>>;
  condition?: { score?: number | null; wear?: string[] | null };
  title?: string | null;
  description?: string | null;
}
export type Original = Schemas["Original"];
export const MOST_TITLE = 120;
export const MOST_DESCRIPTION = 2000;
export const MOST_MARKS = 20;

/** Return whether the owner has corrected this field of the product. */
export function isProductCorrected(report: Report, name: Named): boolean {
  return (report.corrections?.product?.[name] ?? null) !== null;
}

/** Return whether the owner has corrected the score, or the marks. */
export function isConditionCorrected(report: Report, name: "score" | "wear"): boolean {
  return (report.corrections?.condition?.[name] ?? null) !== null;
}

/** Return the title or description before the owner's; null: not corrected. */
export function textBefore(report: Report, name: "title" | "description"): string | null {
  const { corrections } = report;
  return corrections && corrections[name] !== null ? corrections.original[name] : null;
}

/** Return whether product or condition are corrected: what the confidence says is about before. */
export function areFactsCorrected(report: Report): boolean {
  return Boolean(report.corrections?.product ?? report.corrections?.condition);
}

/** Return whether nothing is known of the kind, and the owner has not named it either. */
export function isUnrecognised(report: Report): boolean {
  return report.product?.type === UNKNOWN;
}

/**
 * Return the patch that names the kind, and the kinds of wear that the owner stated and that goods of this
 * kind cannot have: the service refuses them, so the patch leaves them out.
 */
export function kindPatch(report: Report, catalogue: Catalogue, kind: string | null): { patch: Patch; lost: string[] } {
  const patch: Patch = { product: { type: kind } };
  const stated = report.corrections?.condition?.wear ?? [];
  const department = departmentOf(catalogue, kind ?? report.corrections?.original.product.type ?? UNKNOWN);
  if (department === undefined) return { patch, lost: [] };
  const seen = (report.corrections?.original.condition.wear ?? []).map((mark) => mark.tag);
  const known = new Set(catalogue.departments.flatMap((each) => each.wear.map((wear) => wear.id)));
  const allowed = new Set([...department.wear.map((wear) => wear.id), ...seen]);
  const lost = stated.filter((tag) => known.has(tag) && !allowed.has(tag));
  if (lost.length > 0) patch.condition = { wear: stated.filter((tag) => !lost.includes(tag)) };
  return { patch, lost };
}

/** Return whether the LLM can word this report again: there are facts that it has not worded, and it would be read. */
export function canReword(report: Report): boolean {
  const given = report.corrections;
  const ownsBoth = given !== null && given !== undefined && given.title !== null && given.description !== null;
  return report.narrative === "template" && !isUnrecognised(report) && !(ownsBoth && (report.languages ?? []).length <= 1);
}

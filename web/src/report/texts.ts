/** A report's texts by language, and the words for its codes. */
import type { Report } from "../api/client.ts";
import type { components } from "../api/schema.ts";

export type Labels = components["schemas"]["Labels"];
export type Wear = components["schemas"]["Wear"];
/** The fields of a product that have a word, in the order of the card. */
export const NAMED = ["type", "material", "colour", "pattern"] as const;
export type Named = (typeof NAMED)[number];
export const UNKNOWN = "unknown";
export type Source = "model" | "pixels" | "measured" | "owner";
// What every catalogue that asks a model for colours calls that question (catalogue/*/words/questions.toml).
const COLOUR_QUESTION = "what color is it?";

/** The texts in one language. `labels` is null in a report of an earlier release. */
export interface Texts {
  readonly language: "en" | "fr";
  readonly title: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly labels: Labels | null;
}

/** Return the texts in every language of a succeeded report, its own first. */
export function allTexts(report: Report): Texts[] {
  const own: Texts = {
    language: report.language,
    title: report.title ?? "",
    description: report.description ?? "",
    keywords: report.keywords ?? [],
    labels: report.labels ?? null,
  };
  const others = Object.entries(report.translations ?? {})
    .filter(([language]) => language !== report.language)
    .map(([language, text]) => ({
      language: language as Texts["language"],
      title: text.title,
      description: text.description,
      keywords: text.keywords ?? [],
      labels: text.labels ?? null,
    }));
  return [own, ...others];
}

/** Return the texts in the reader's language; the report's own where it has no others. */
export function textsFor(report: Report, language: string): Texts {
  const texts = allTexts(report);
  return texts.find((each) => each.language === language && each.labels !== null) ?? texts[0]!;
}

/** Return a code as words: ids of the catalogue are English names with underscores. */
export function spaced(code: string): string {
  return code.replaceAll("_", " ");
}

/** Return the word for one of a product's codes, or null: unknown, or not asked. */
export function wordOf(labels: Labels | null, name: Named, code: string | null | undefined): string | null {
  if (code === null || code === undefined || code === UNKNOWN) return null;
  return labels?.[name] ?? spaced(code);
}

/** Return kind, severity and place of a mark, as far as they are known: "chip, minor, top left". */
export function markText(labels: Labels | null, mark: Pick<Wear, "tag" | "severity" | "place">): string {
  const { tag, severity, place } = mark;
  const parts = [
    labels?.wear?.[tag] ?? spaced(tag),
    severity ? (labels?.severities?.[severity] ?? spaced(severity)) : null,
    place ? (labels?.places?.[place] ?? spaced(place)) : null,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

/** Return whether the model judges neither material nor wear of such goods, whatever the photos show. */
export function isNotAsked(report: Report): boolean {
  return report.confidence?.reasons?.includes("not_asked") ?? false;
}

/** Return who says a fact of the product; null: unknown. Where no model is asked for a colour, pixels measure it. */
export function sourceOf(report: Report, name: Named): Source | null {
  const source = report.product?.sources?.[name] ?? null;
  const isAsked = (report.evidence ?? []).some(({ question }) => question === COLOUR_QUESTION);
  return source === "pixels" && !isAsked ? "measured" : source;
}

/** A question about the photos with its answer, in the reader's words. */
export interface Answer {
  readonly question: string;
  readonly answer: string;
  readonly confidence: number;
  readonly used: boolean;
}

/** Return what was asked and answered, in the words of `labels` where it has them. */
export function answersOf(report: Report, labels: Labels | null): Answer[] {
  return (report.evidence ?? []).map((each, at) => ({
    question: labels?.evidence?.[at]?.question ?? each.question,
    answer: labels?.evidence?.[at]?.answer ?? each.answer,
    confidence: each.confidence,
    used: each.used ?? true,
  }));
}

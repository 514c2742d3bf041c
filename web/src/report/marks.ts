/** The marks of wear, numbered as the card counts them, and where each photo shows them. */
import type { Report } from "../api/client.ts";
import type { Wear } from "./texts.ts";

/** A mark with its number on the card, from 1. */
export interface NumberedMark extends Wear {
  readonly number: number;
}

export const PLACES = ["top_left", "top_right", "bottom_left", "bottom_right"] as const;

/** Return the marks of a report's condition in their order. */
export function numberedMarks(report: Report): NumberedMark[] {
  return (report.condition?.wear ?? []).map((mark, at) => ({ ...mark, number: at + 1 }));
}

/** Return the marks that a photo shows best. The owner's are on none. */
export function marksOn(marks: readonly NumberedMark[], photo: number): NumberedMark[] {
  return marks.filter((mark) => mark.photo === photo);
}

/** Return the marks of one photo by the quarter that shows them; those without a place are in none. */
export function byQuarter(marks: readonly NumberedMark[]): [(typeof PLACES)[number], NumberedMark[]][] {
  return PLACES.map((place): [(typeof PLACES)[number], NumberedMark[]] => [
    place,
    marks.filter((mark) => mark.place === place),
  ]).filter(([, found]) => found.length > 0);
}

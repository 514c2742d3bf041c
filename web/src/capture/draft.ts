/** The photos that a person has chosen and not sent yet, and the languages of their report. */
import type { Language } from "../i18n/index.ts";
import type { Complaint } from "./complaint.ts";

/** Why a photo cannot be sent. */
export type Fault = "not_a_photo" | "too_large" | "unreadable";

export interface DraftPhoto {
  readonly id: string;
  readonly type: string;
  readonly bytes: number;
  /** Whether it is in the form in which it is sent. */
  readonly prepared: boolean;
  /** What is wrong with it; null: nothing is known to be. */
  readonly fault: Complaint | null;
}

/** `id` becomes that of the submission: two tabs that send the same draft send it once. */
export interface Draft {
  readonly id: string;
  readonly owner: string;
  readonly languages: readonly Language[];
  readonly photos: readonly DraftPhoto[];
}

export const MOST_PHOTOS = 8;
/** The service takes no larger upload. */
export const MOST_BYTES = 25_000_000;

/** Return the draft with as many of `photos` as there is room for, and how many were left out. */
export function withPhotos(draft: Draft, photos: readonly DraftPhoto[]): { draft: Draft; leftOut: number } {
  const room = photos.slice(0, Math.max(0, MOST_PHOTOS - draft.photos.length));
  return { draft: { ...draft, photos: [...draft.photos, ...room] }, leftOut: photos.length - room.length };
}

/** Return the draft without a photo. */
export function withoutPhoto(draft: Draft, id: string): Draft {
  return { ...draft, photos: draft.photos.filter((photo) => photo.id !== id) };
}

/** Return the draft with a photo at index `to`, cut to those that there are. */
export function withPhotoAt(draft: Draft, id: string, to: number): Draft {
  const photo = draft.photos.find((each) => each.id === id);
  if (photo === undefined) return draft;
  const others = draft.photos.filter((each) => each !== photo);
  const at = Math.max(0, Math.min(to, others.length));
  return { ...draft, photos: [...others.slice(0, at), photo, ...others.slice(at)] };
}

/** Return the draft with `change` applied to a photo; without the photo it stays as it is. */
export function withChange(draft: Draft, id: string, change: Partial<Omit<DraftPhoto, "id">>): Draft {
  return { ...draft, photos: draft.photos.map((photo) => (photo.id === id ? { ...photo, ...change } : photo)) };
}

/** Whether the draft can be sent. */
export function isReady({ photos, languages }: Draft): boolean {
  return photos.length > 0 && languages.length > 0 && photos.every((photo) => photo.prepared && photo.fault === null);
}

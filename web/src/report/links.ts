/** Keeps a photo's link while it holds: each answer signs a new one, by which the photo would load again. */
import type { Report } from "../api/client.ts";

// A link is replaced this long before it ends.
const MARGIN_MS = 60_000;

/** Return `after` with the links of `before` where they lead to the same photos and hold at `now` and a while on. */
export function keepLinks(before: Report | undefined, after: Report, now: number): Report {
  if (before === undefined || before.id !== after.id) return after;
  const photos = after.photos.map((photo) => {
    const kept = before.photos.find((each) => each.number === photo.number);
    if (kept === undefined || Date.parse(kept.expires_at) - now < MARGIN_MS) return photo;
    return { ...photo, url: kept.url, expires_at: kept.expires_at };
  });
  return { ...after, photos };
}

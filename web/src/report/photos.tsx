/** The photos with their marks: numbers in the quarter that shows them, words below, and each photo enlarged. */
import { useState } from "preact/hooks";

import type { Photo } from "../api/client.ts";
import { useWords } from "../i18n/index.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { byQuarter, marksOn, type NumberedMark } from "./marks.ts";
import { type Labels, markText } from "./texts.ts";

interface GalleryProps {
  readonly photos: readonly Photo[];
  /** What the photos show. */
  readonly title: string;
  readonly marks: readonly NumberedMark[];
  readonly labels: Labels | null;
  /** The language of the marks' words. */
  readonly lang?: string;
  /** Called when a photo's link no longer holds. */
  readonly onGone?: () => void;
}

/** All photos of a report, the first one large. */
export function Gallery({ photos, title, marks, labels, lang, onGone }: GalleryProps) {
  const { words } = useWords();
  const [shown, setShown] = useState<number | null>(null);
  if (photos.length === 0) return null;
  const current = photos.find((photo) => photo.number === shown);
  return (
    <section class="photos" aria-label={words.report.photos}>
      <div class={photos.length === 1 ? "gallery" : "gallery gallery-many"}>
        {photos.map((photo) => (
          <figure key={photo.number} id={`photo-${photo.number}`}>
            <button type="button" class="photo" onClick={() => setShown(photo.number)}>
              <span class="unseen">{words.report.enlarge} </span>
              <MarkedPhoto {...{ photo, title, labels, onGone }} marks={marksOn(marks, photo.number)} />
            </button>
            <figcaption>
              <span class="label">{words.report.photo(photo.number)}</span>
              <PhotoMarks marks={marksOn(marks, photo.number)} labels={labels} lang={lang} />
            </figcaption>
          </figure>
        ))}
      </div>
      <Dialog
        title={shown === null ? "" : words.report.photo(shown)}
        open={current !== undefined}
        onClose={() => setShown(null)}
        wide
        actions={
          photos.length > 1 && current !== undefined ? (
            <>
              <Button
                icon="back"
                label={words.report.previous}
                disabled={current === photos[0]}
                onClick={() => setShown(current.number - 1)}
              />
              <Button
                icon="forward"
                label={words.report.following}
                disabled={current === photos.at(-1)}
                onClick={() => setShown(current.number + 1)}
              />
            </>
          ) : undefined
        }
      >
        {current && (
          <div class="enlarged">
            <MarkedPhoto {...{ photo: current, title, labels, onGone }} marks={marksOn(marks, current.number)} />
            <PhotoMarks marks={marksOn(marks, current.number)} labels={labels} lang={lang} />
          </div>
        )}
      </Dialog>
    </section>
  );
}

interface MarkedPhotoProps {
  readonly photo: Photo;
  readonly title: string;
  readonly marks: readonly NumberedMark[];
  readonly labels: Labels | null;
  readonly onGone?: (() => void) | undefined;
}

function MarkedPhoto({ photo, title, marks, labels, onGone }: MarkedPhotoProps) {
  const { words } = useWords();
  const [isGone, setGone] = useState("");
  const alt = [words.report.photoAlt(photo.number, title), ...marks.map((mark) => markText(labels, mark))].join("; ");
  return (
    <span class={isGone === photo.url ? "picture picture-gone" : "picture"} style={shape(photo)}>
      <img
        src={photo.url}
        alt={isGone === photo.url ? words.report.photoGone : alt}
        width={photo.width ?? undefined}
        height={photo.height ?? undefined}
        onError={() => {
          setGone(photo.url);
          onGone?.();
        }}
      />
      {byQuarter(isGone === photo.url ? [] : marks).map(([place, found]) => (
        <span key={place} class={`quarter quarter-${place.replace("_", "-")}`} aria-hidden="true">
          {found.map((mark) => (
            <span key={mark.number} class="mark-number">
              {mark.number}
            </span>
          ))}
        </span>
      ))}
    </span>
  );
}

/** The shape of the photo, for a frame that fits it: quarters are of the photo, not of the space around it. */
function shape({ width, height }: Photo): Record<string, string> {
  return width && height ? { "--ratio": (width / height).toFixed(4) } : {};
}

function PhotoMarks({
  marks,
  labels,
  lang,
}: {
  marks: readonly NumberedMark[];
  labels: Labels | null;
  lang?: string | undefined;
}) {
  if (marks.length === 0) return null;
  return (
    <ul class="photo-marks" lang={lang}>
      {marks.map((mark) => (
        <li key={mark.number}>
          <span class="mark-number">{mark.number}</span> {markText(labels, mark)}
        </li>
      ))}
    </ul>
  );
}

/** The chosen photos in their order: moved by buttons or by dragging, and removed. */
import { useEffect, useRef, useState } from "preact/hooks";

import { useWords } from "../i18n/index.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { announce } from "../ui/toast.tsx";
import { ComplaintText } from "./complaint-text.tsx";
import { type Draft, type DraftPhoto, withoutPhoto, withPhotoAt } from "./draft.ts";
import { StoredPhoto } from "./stored-photo.tsx";

interface DraftPhotosProps {
  readonly photos: readonly DraftPhoto[];
  readonly load: (id: string) => Promise<Blob | null>;
  readonly onChange: (change: (draft: Draft) => Draft) => void;
  readonly onEmpty: () => void;
}

export function DraftPhotos({ photos, load, onChange, onEmpty }: DraftPhotosProps) {
  const { words } = useWords();
  const list = useRef<HTMLOListElement>(null);
  const [dragged, setDragged] = useState<string | null>(null);
  // A photo that moves in the page takes the focus from its button: the name of the one to give it back to.
  const focus = useRef<readonly string[]>([]);
  useEffect(() => {
    for (const name of focus.current) {
      const button = list.current?.querySelector<HTMLButtonElement>(`[data-name="${name}"]:not(:disabled)`);
      if (!button) continue;
      button.focus();
      break;
    }
    focus.current = [];
  }, [photos]);
  const move = (id: string, to: number, by: "earlier" | "later" | null) => {
    if (by !== null) focus.current = [`${by} ${id}`, `${by === "earlier" ? "later" : "earlier"} ${id}`];
    onChange((draft) => withPhotoAt(draft, id, to));
    announce(words.capture.moved(to + 1));
  };
  const remove = (id: string, at: number) => {
    const next = photos[at + 1] ?? photos[at - 1];
    if (next === undefined) onEmpty();
    else focus.current = [`remove ${next.id}`];
    onChange((draft) => withoutPhoto(draft, id));
    announce(words.capture.removed(at + 1));
  };
  return (
    <ol class="draft-photos" ref={list}>
      {photos.map((photo, at) => (
        <li
          key={photo.id}
          class={looksOf(photo, dragged === photo.id)}
          draggable
          onDragStart={(event) => {
            setDragged(photo.id);
            event.dataTransfer?.setData("text/plain", photo.id);
          }}
          onDragEnd={() => setDragged(null)}
          onDragOver={(event) => {
            if (dragged !== null) event.preventDefault();
          }}
          onDrop={(event) => {
            if (dragged === null) return;
            event.preventDefault();
            move(dragged, at, null);
          }}
        >
          <StoredPhoto
            id={photo.id}
            version={photo.prepared ? 1 : 0}
            load={load}
            alt={words.capture.photo(at + 1)}
            {...(photo.prepared && photo.fault === null && { unseen: words.capture.noPreview })}
          />
          <span class="draft-photo-number" aria-hidden="true">
            {at + 1}
          </span>
          {!photo.prepared && photo.fault === null && (
            <span class="draft-photo-wait">
              <Spinner />
              <span class="unseen">{words.capture.preparing}</span>
            </span>
          )}
          <div class="draft-photo-buttons">
            <Button
              icon="back"
              variant="quiet"
              label={words.capture.earlier(at + 1)}
              data-name={`earlier ${photo.id}`}
              disabled={at === 0}
              onClick={() => move(photo.id, at - 1, "earlier")}
            />
            <Button
              icon="trash"
              variant="quiet"
              label={words.capture.remove(at + 1)}
              data-name={`remove ${photo.id}`}
              onClick={() => remove(photo.id, at)}
            />
            <Button
              icon="forward"
              variant="quiet"
              label={words.capture.later(at + 1)}
              data-name={`later ${photo.id}`}
              disabled={at === photos.length - 1}
              onClick={() => move(photo.id, at + 1, "later")}
            />
          </div>
          {photo.fault !== null && (
            <p class="field-error" role="alert">
              <Icon name="alert" />
              <ComplaintText of={photo.fault} />
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

function looksOf({ fault }: DraftPhoto, isDragged: boolean): string {
  return `draft-photo${fault === null ? "" : " draft-photo-faulty"}${isDragged ? " draft-photo-dragged" : ""}`;
}

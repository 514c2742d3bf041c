/** Where photos come from: the camera, a file dialog, a drop, a paste. */
import { useEffect, useRef, useState } from "preact/hooks";

import { useWords } from "../i18n/index.ts";
import { Button } from "../ui/button.tsx";

interface ChooserProps {
  /** How many photos there is room for. */
  readonly room: number;
  readonly isEmpty: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}

// Safari shows no HEIC for `image/*` alone in some versions.
const ACCEPT = "image/*,.heic,.heif";
// A device without touch has no camera to hold to a thing; one with it drops nothing. `hover` and `pointer` of CSS
// are wrong on some phones.
const HAS_TOUCH = navigator.maxTouchPoints > 0;

export function Chooser({ room, isEmpty, onFiles }: ChooserProps) {
  const { words } = useWords();
  const camera = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const isOver = useDroppedFiles(onFiles);
  const chosen = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    onFiles([...(input.files ?? [])]);
    // The same file can be chosen again after it was removed.
    input.value = "";
  };
  const looks = ["chooser", !HAS_TOUCH && "chooser-drop", isEmpty && "chooser-empty", isOver && "chooser-over"];
  return (
    <div class={looks.filter(Boolean).join(" ")}>
      <div class="row">
        {HAS_TOUCH && (
          <Button
            variant={isEmpty ? "primary" : "plain"}
            icon="camera"
            disabled={room <= 0}
            onClick={() => camera.current?.click()}
          >
            {words.capture.shoot}
          </Button>
        )}
        <Button
          variant={isEmpty && !HAS_TOUCH ? "primary" : "plain"}
          icon="photos"
          disabled={room <= 0}
          onClick={() => files.current?.click()}
        >
          {words.capture.choose}
        </Button>
      </div>
      {!HAS_TOUCH && <p class="small soft">{isOver ? words.capture.dropNow : words.capture.dropHint}</p>}
      <input ref={camera} hidden type="file" name="camera" accept={ACCEPT} capture="environment" onChange={chosen} />
      <input ref={files} hidden type="file" name="photos" accept={ACCEPT} multiple onChange={chosen} />
    </div>
  );
}

/** Take files that are dropped or pasted anywhere on the page; return whether some are over it. */
function useDroppedFiles(onFiles: (files: readonly File[]) => void): boolean {
  const [isOver, setOver] = useState(false);
  const latest = useRef(onFiles);
  latest.current = onFiles;
  useEffect(() => {
    const stop = new AbortController();
    const listen = <K extends keyof WindowEventMap>(name: K, listener: (event: WindowEventMap[K]) => void) =>
      addEventListener(name, listener, { signal: stop.signal });
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    listen("dragover", (event) => {
      if (!holdsFiles(event)) return;
      // Else the browser would open the file in place of the page.
      event.preventDefault();
      setOver(true);
    });
    listen("dragleave", (event) => {
      if (event.relatedTarget === null) setOver(false);
    });
    listen("drop", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(false);
      latest.current([...(event.dataTransfer?.files ?? [])]);
    });
    listen("paste", (event) => {
      const pasted = [...(event.clipboardData?.files ?? [])];
      if (pasted.length > 0) latest.current(pasted);
    });
    return () => stop.abort();
  }, []);
  return isOver;
}

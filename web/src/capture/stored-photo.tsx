/** A photo from this browser's storage. */
import { useEffect, useState } from "preact/hooks";

import { Icon } from "../ui/icons.tsx";

interface StoredPhotoProps {
  readonly id: string;
  /** Changes when the stored photo does. */
  readonly version?: number;
  readonly load: (id: string) => Promise<Blob | null>;
  readonly alt: string;
  /** What stands in place of a photo that the browser cannot show. */
  readonly unseen?: string;
}

export function StoredPhoto({ id, version = 0, load, alt, unseen }: StoredPhotoProps) {
  const [url, setUrl] = useState<string | null>(null);
  const [isUnseen, setUnseen] = useState(false);
  useEffect(() => {
    let made: string | null = null;
    let isOver = false;
    const loading = load(id).catch(() => null);
    void loading.then((photo) => {
      if (isOver) return;
      setUnseen(photo === null);
      if (photo === null) return;
      made = URL.createObjectURL(photo);
      setUrl(made);
    });
    return () => {
      isOver = true;
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [id, version]);
  if (isUnseen) {
    return (
      <div class="stored-photo stored-photo-unseen" {...named([alt, unseen].filter(Boolean).join(". "))}>
        <Icon name="photos" />
        {unseen && <span class="small">{unseen}</span>}
      </div>
    );
  }
  if (url === null) return <div class="stored-photo" {...named(alt)} />;
  // A HEIC is shown by Safari alone.
  return <img class="stored-photo" src={url} alt={alt} draggable={false} onError={() => setUnseen(true)} />;
}

/** Return what names a box as a picture. Without a name it only decorates, as an `<img alt="">` does. */
function named(name: string) {
  return name === "" ? {} : ({ role: "img", "aria-label": name } as const);
}

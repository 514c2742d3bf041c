/** Says that the browser is offline, and that it is online again. */
import { useEffect, useState } from "preact/hooks";

import { useWords } from "../i18n/index.ts";
import { Icon } from "../ui/icons.tsx";
import { toast } from "../ui/toast.tsx";

export function OfflineNotice() {
  const { words } = useWords();
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const changed = () => {
      setOnline(navigator.onLine);
      if (navigator.onLine) toast(words.frame.online);
    };
    addEventListener("online", changed);
    addEventListener("offline", changed);
    return () => {
      removeEventListener("online", changed);
      removeEventListener("offline", changed);
    };
  }, [words]);
  // The region is always there: a screen reader reads out what is put into it.
  return (
    <div role="status">
      {!isOnline && (
        <p class="strip strip-warning">
          <Icon name="offline" />
          {words.frame.offline}
        </p>
      )}
    </div>
  );
}

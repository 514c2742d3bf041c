/** Says that the page has no connection, and that it is back. */
import { useEffect, useState } from "preact/hooks";

import { useWords } from "../i18n/index.ts";
import { useServices } from "../services.ts";
import { Icon } from "../ui/icons.tsx";
import { toast } from "../ui/toast.tsx";

export function OfflineNotice() {
  const { words } = useWords();
  const { connection } = useServices();
  const [isOnline, setOnline] = useState(connection.isOnline);
  useEffect(() => {
    setOnline(connection.isOnline);
    return connection.subscribe((isBack) => {
      setOnline(isBack);
      if (isBack) toast(words.frame.online);
    });
  }, [connection, words]);
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

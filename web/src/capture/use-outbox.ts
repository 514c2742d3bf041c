/** The outbox of this page, for its components. */
import { useEffect, useState } from "preact/hooks";

import { firstLanguage } from "../i18n/index.ts";
import type { Services } from "../services.ts";
import { Outbox, type Shown } from "./outbox.ts";
import { workerShrink } from "./prepare.ts";
import { Requests } from "./requests.ts";

let outbox: Outbox | null = null;

/** Return the outbox, started by the first call; it goes on under every screen. */
export function outboxOf({ api, account, connection }: Services): Outbox {
  if (outbox !== null) return outbox;
  const started = new Outbox({ requests: new Requests(api), tokens: account, connection, shrink: workerShrink() });
  outbox = started;
  // Also while the session is expired: the screen stays, and requests wait.
  const open = () => void started.open(account.person?.id ?? null, [firstLanguage()]);
  account.subscribe(open);
  open();
  return started;
}

/** Return what the outbox shows, in a component. */
export function useShown(of: Outbox): Shown {
  const [shown, setShown] = useState(of.shown);
  useEffect(() => {
    setShown(of.shown);
    return of.subscribe(() => setShown(of.shown));
  }, [of]);
  return shown;
}

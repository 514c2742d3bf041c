/** The outbox of this page, for its components. */
import { useEffect, useState } from "preact/hooks";

import type { Api } from "../api/client.ts";
import type { Account } from "../auth/session.ts";
import { firstLanguage } from "../i18n/index.ts";
import { Outbox, type Shown } from "./outbox.ts";
import { workerShrink } from "./prepare.ts";
import { Requests } from "./requests.ts";

let outbox: Outbox | null = null;

/** Start the outbox once, whatever screen is shown: what was sent goes on. */
export function startOutbox({ api, account }: { readonly api: Api; readonly account: Account }): Outbox {
  if (outbox !== null) return outbox;
  const started = new Outbox(new Requests(api), workerShrink());
  outbox = started;
  const open = (owner: string | null) => void started.open(owner, [firstLanguage()]);
  account.onChange(open);
  void account.email().then(open);
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

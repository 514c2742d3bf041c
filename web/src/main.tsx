/** Starts the page: its configuration first, then the session, then the screens. */
import { render } from "preact";

import { apiClient } from "./api/client.ts";
import { App } from "./app.tsx";
import { Account } from "./auth/session.ts";
import { outboxOf } from "./capture/use-outbox.ts";
import { loadConfig } from "./config.ts";
import { firstLanguage, loadWords, type Words } from "./i18n/index.ts";
import { Connection } from "./offline/connection.ts";
import { Button } from "./ui/button.tsx";
import { Notice } from "./ui/notice.tsx";
import "./styles/index.css";

const root = document.getElementById("app")!;
const language = firstLanguage();
document.documentElement.lang = language;
const loading = loadWords(language);
try {
  const { config, isFresh } = await loadConfig();
  const connection = new Connection(isFresh);
  addEventListener("offline", () => connection.lose());
  addEventListener("online", () => void connection.check());
  const account = new Account(config, localStorage);
  addEventListener("storage", () => account.storageChanged());
  account.wake();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") account.wake();
  });
  const api = apiClient({
    base: config.api,
    tokens: account,
    language: () => document.documentElement.lang,
    onUnreachable: () => void connection.check(),
  });
  const services = { config, account, api, connection };
  outboxOf(services);
  render(<App services={services} first={{ language, words: await loading }} />, root);
} catch (error) {
  const words = await loading.catch(() => null);
  if (words === null) root.textContent = "Vitrine could not start. / Vitrine n’a pas pu démarrer.";
  else render(<NotStarted error={error} words={words.frame} />, root);
}

function NotStarted({ error, words }: { error: unknown; words: Words["frame"] }) {
  return (
    <main lang={language}>
      <Notice
        tone="error"
        title={words.configFailed}
        actions={
          <Button icon="reload" onClick={() => location.reload()}>
            {words.tryAgain}
          </Button>
        }
      >
        {error instanceof TypeError ? words.unreachableRemedy : String(error instanceof Error ? error.message : error)}
      </Notice>
    </main>
  );
}

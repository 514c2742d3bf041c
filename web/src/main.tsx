/** Starts the page: its configuration first, then the session, then the screens. */
import { render } from "preact";

import { apiClient } from "./api/client.ts";
import { App } from "./app.tsx";
import { Account } from "./auth/session.ts";
import { startOutbox } from "./capture/use-outbox.ts";
import { loadConfig } from "./config.ts";
import { firstLanguage, LANGUAGES } from "./i18n/index.ts";
import { Connection } from "./offline/connection.ts";
import { Button } from "./ui/button.tsx";
import { Notice } from "./ui/notice.tsx";
import "./styles/index.css";

const root = document.getElementById("app")!;
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
  startOutbox(services);
  render(<App services={services} />, root);
} catch (error) {
  render(<NotStarted error={error} />, root);
}

function NotStarted({ error }: { error: unknown }) {
  const language = firstLanguage();
  const words = LANGUAGES[language].frame;
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

/** Starts the page: its configuration first, then the session, then the screens. */
import { render } from "preact";

import { apiClient } from "./api/client.ts";
import { App } from "./app.tsx";
import { Account } from "./auth/session.ts";
import { loadConfig } from "./config.ts";
import "./styles/index.css";

const root = document.getElementById("app")!;
try {
  const config = await loadConfig();
  const account = new Account(config);
  const api = apiClient(config.api, account, () => document.documentElement.lang);
  render(<App services={{ config, account, api }} />, root);
} catch (error) {
  root.textContent = String(error);
}

/** What every screen may use: the API, the account, the configuration. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Api } from "./api/client.ts";
import type { Account } from "./auth/session.ts";
import type { Config } from "./config.ts";

export interface Services {
  readonly config: Config;
  readonly account: Account;
  readonly api: Api;
}

export const ServicesContext = createContext<Services | null>(null);

/** Return the services, in a component. */
export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new Error("useServices: the component is outside <App>");
  return services;
}

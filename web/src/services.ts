/** What every screen may use: the API, the account, the configuration, the connection. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Api } from "./api/client.ts";
import type { Account } from "./auth/session.ts";
import type { Config } from "./config.ts";
import type { Connection } from "./offline/connection.ts";

export interface Services {
  readonly config: Config;
  readonly account: Account;
  readonly api: Api;
  readonly connection: Connection;
}

export const ServicesContext = createContext<Services | null>(null);

/** Return the services, in a component. */
export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new Error("useServices: the component is outside <App>");
  return services;
}

/** The page's screens by address, in the frame that they share. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { ErrorBoundary, LocationProvider, Route, Router } from "preact-iso";

import type { Api } from "./api/client.ts";
import type { Account } from "./auth/session.ts";
import { CaptureScreen } from "./capture/screen.tsx";
import type { Config } from "./config.ts";
import { Frame } from "./frame.tsx";
import { NotFound } from "./not-found.tsx";
import { ReportScreen } from "./report/screen.tsx";
import { ShelfScreen } from "./shelf/screen.tsx";

/** What every screen may use. */
export interface Services {
  readonly config: Config;
  readonly account: Account;
  readonly api: Api;
}

const ServicesContext = createContext<Services | null>(null);

/** Return the API, the account and the configuration, in a component. */
export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new Error("no services");
  return services;
}

/** The whole page. */
export function App({ services }: { services: Services }) {
  return (
    <ServicesContext.Provider value={services}>
      <LocationProvider>
        <ErrorBoundary>
          <Frame>
            <Router>
              <Route path="/" component={CaptureScreen} />
              <Route path="/reports/:id" component={ReportScreen} />
              <Route path="/shelf" component={ShelfScreen} />
              <Route default component={NotFound} />
            </Router>
          </Frame>
        </ErrorBoundary>
      </LocationProvider>
    </ServicesContext.Provider>
  );
}

/** The page's screens by address, in the frame that they share. */
import { LocationProvider, Route, Router } from "preact-iso";

import { CaptureScreen } from "./capture/screen.tsx";
import { type FirstWords, Frame } from "./frame.tsx";
import { NotFound } from "./not-found.tsx";
import { ReportScreen } from "./report/screen.tsx";
import { type Services, ServicesContext } from "./services.ts";
import { ShelfScreen } from "./shelf/screen.tsx";

/** The whole page. */
export function App({ services, first }: { services: Services; first: FirstWords }) {
  return (
    <ServicesContext.Provider value={services}>
      <LocationProvider>
        <Frame first={first}>
          <Router>
            <Route path="/" component={CaptureScreen} />
            <Route path="/reports/:id" component={ReportScreen} />
            <Route path="/shelf" component={ShelfScreen} />
            <Route default component={NotFound} />
          </Router>
        </Frame>
      </LocationProvider>
    </ServicesContext.Provider>
  );
}

/** One report in a component: loaded, followed until it has ended, and replaced by what corrections answer. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { dataOf, type Report } from "../api/client.ts";
import { useServices } from "../services.ts";
import { follow } from "./follow.ts";
import { keepLinks } from "./links.ts";

// A service answers within 20 s, or at once; a gateway ends after 30 s.
const WAIT = "wait=20";

export interface FollowedReport {
  /** Undefined: not loaded yet. */
  readonly report: Report | undefined;
  /** What ended the following: no such report, or an error that stays. */
  readonly error: unknown;
  /** A passing error, which is tried again by itself. */
  readonly trouble: unknown;
  /** The report has ended while the person looked at it. */
  readonly justEnded: boolean;
  readonly replace: (report: Report) => void;
  readonly reload: () => void;
}

interface State {
  readonly id: string;
  readonly report?: Report;
  readonly error?: unknown;
  readonly trouble?: unknown;
  readonly justEnded?: boolean;
}

/** Load the report `id` and follow it. */
export function useReport(id: string): FollowedReport {
  const { api } = useServices();
  const [state, setState] = useState<State>({ id });
  const [attempt, setAttempt] = useState(0);
  const waited = useRef(false);
  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const change = (next: Partial<State>) => {
      if (!signal.aborted) setState((state) => ({ ...(state.id === id ? state : {}), id, ...next }));
    };
    let shown: Report | undefined;
    waited.current = false;
    follow({
      ask: async (waits) => {
        waited.current ||= waits;
        const header = waits ? { Prefer: WAIT } : {};
        const params = { path: { report_id: id }, header };
        // Without `Accept: text/html` it is never the card.
        return dataOf(await api.GET("/reports/{report_id}", { params, signal })) as Report;
      },
      show: (answered) => {
        // The first answer has new links: a photo of the old ones may have failed.
        shown = keepLinks(shown, answered, Date.now());
        change({ report: shown, error: undefined, justEnded: waited.current });
      },
      trouble: (trouble) => change({ trouble }),
      pause: (seconds) => pause(seconds, signal),
    }).catch((error: unknown) => change({ error }));
    return () => leaving.abort();
  }, [api, id, attempt]);
  const replace = useCallback(
    (answered: Report) =>
      setState(({ report }) => ({ id: answered.id, report: keepLinks(report, answered, Date.now()) })),
    [],
  );
  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  const current = state.id === id ? state : { id };
  return {
    report: current.report,
    error: current.error,
    trouble: current.trouble ?? null,
    justEnded: current.justEnded ?? false,
    replace,
    reload,
  };
}

/** Wait so many seconds, or until the network returns. */
function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    };
    const timer = setTimeout(end, seconds * 1000);
    addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}

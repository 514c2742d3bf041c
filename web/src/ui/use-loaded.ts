/**
 * Data that a screen loads: `load` runs when the screen appears and when `inputs` change.
 *
 *     const { data, error, isLoading, reload } = useLoaded((signal) => fetchReport(id, signal), [id]);
 *
 * `data` stays while it is loaded again; `setData` replaces it by what a later answer says.
 */
import { useCallback, useEffect, useState } from "preact/hooks";

export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
  readonly reload: () => void;
  readonly setData: (data: T) => void;
}

interface State<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
}

export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, inputs: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<State<T>>({ data: undefined, error: null, isLoading: true });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState(({ data }) => ({ data, error: null, isLoading: true }));
    load(stop.signal).then(
      (data) => {
        if (!stop.signal.aborted) setState({ data, error: null, isLoading: false });
      },
      (error: unknown) => {
        if (!stop.signal.aborted) setState(({ data }) => ({ data, error, isLoading: false }));
      },
    );
    return () => stop.abort();
  }, [...inputs, attempt]);
  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  const setData = useCallback((data: T) => setState({ data, error: null, isLoading: false }), []);
  return { ...state, reload, setData };
}

/** The shelf in a component: its list for the search of the address, followed while reports are being made. */
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

import type { Api } from "../api/client.ts";
import { useServices } from "../services.ts";
import { isUnfinished } from "./entries.ts";
import { ShelfRequests } from "./requests.ts";
import { EMPTY, type ShelfState, ShelfStore } from "./store.ts";

interface Shelf {
  readonly requests: ShelfRequests;
  readonly store: ShelfStore;
  /** Where the list stood when a report was opened; 0: at its top. */
  scrolled: number;
}

// A list outlives its screen, so that coming back from a report finds it as it was; the next person has another one.
let last: { readonly person: string; readonly shelf: Shelf } | null = null;

const FOLLOW_FROM_MS = 3_000;
const FOLLOW_TO_MS = 10_000;

export interface UsedShelf {
  readonly requests: ShelfRequests;
  readonly store: ShelfStore;
  readonly state: ShelfState;
  /** Let the list stand where it stands now when the screen is shown again. */
  readonly keepPlace: () => void;
}

/** Show the reports of a search. */
export function useShelf(search: string): UsedShelf {
  const { account, api } = useServices();
  const person = account.person?.id ?? "";
  const [shelf] = useState(() => shelfOf(person, api));
  const { requests, store } = shelf;
  const [state, setState] = useState(store.state);
  useLayoutEffect(() => {
    const stop = store.subscribe(setState);
    void store.open(search);
    return stop;
  }, [store, search]);
  useScroll(shelf);
  const isFollowed = state.reports.some(isUnfinished);
  useEffect(() => (isFollowed ? follow(store) : undefined), [store, isFollowed]);
  const keepPlace = () => {
    shelf.scrolled = scrollY;
  };
  return { requests, store, state: state.search === search ? state : { ...EMPTY, search }, keepPlace };
}

function shelfOf(person: string, api: Api): Shelf {
  if (last?.person === person) return last.shelf;
  const requests = new ShelfRequests(api);
  const shelf = { requests, store: new ShelfStore(requests), scrolled: 0 };
  last = { person, shelf };
  return shelf;
}

/** Return the list to where it stood when a report was opened from it. */
function useScroll(shelf: Shelf): void {
  useLayoutEffect(() => {
    const to = shelf.scrolled;
    shelf.scrolled = 0;
    if (to === 0) return;
    scrollTo(0, to);
    // The router moves to the top after this, where a link led here.
    const frame = requestAnimationFrame(() => scrollTo(0, to));
    return () => cancelAnimationFrame(frame);
  }, [shelf]);
}

/** Ask for unfinished reports while a person looks, less often while nothing changes. Returns what ends it. */
function follow(store: ShelfStore): () => void {
  let pause = FOLLOW_FROM_MS;
  let timer = 0;
  let hasEnded = false;
  const wait = () => {
    timer = window.setTimeout(async () => {
      const hasChanged = !document.hidden && (await store.follow());
      pause = hasChanged ? FOLLOW_FROM_MS : Math.min(pause * 1.5, FOLLOW_TO_MS);
      if (!hasEnded) wait();
    }, pause);
  };
  wait();
  return () => {
    hasEnded = true;
    clearTimeout(timer);
  };
}

/** The reports of the shelf: pages, a search, what has changed since; kept while a person looks at a report. */
import type { ListedReport } from "../api/client.ts";
import { ApiProblem } from "../api/problem.ts";
import { isUnfinished } from "./entries.ts";
import { MOST_IDS, type Page, type PageQuery } from "./requests.ts";

/** What the store asks for. */
export interface ReportSource {
  page(query: PageQuery, signal: AbortSignal): Promise<Page>;
  chosen(ids: readonly string[], signal: AbortSignal): Promise<readonly ListedReport[]>;
}

export interface ShelfState {
  readonly search: string;
  readonly reports: readonly ListedReport[];
  /** The id from which the list goes on; null: it is whole. */
  readonly next: string | null;
  /** `first`: nothing is shown yet. `more`: the list grows. */
  readonly loading: "first" | "more" | null;
  /** What ended the last loading; null: nothing. */
  readonly error: unknown;
}

/** Before the first page is there. */
export const EMPTY: ShelfState = { search: "", reports: [], next: null, loading: "first", error: null };
export const PAGE = 20;
// A search reads some hundred reports for a page that may stay empty: it goes on by itself so many times.
const MOST_PAGES_AT_ONCE = 5;
/** A photo whose link is younger, and cannot be loaded, is not there. */
const NEW_MS = 60_000;

export class ShelfStore {
  readonly #source: ReportSource;
  readonly #listeners = new Set<(state: ShelfState) => void>();
  #state = EMPTY;
  #work = new AbortController();
  #refreshing: Promise<void> | null = null;
  #readAt = 0;
  #failed: () => Promise<void> = () => Promise.resolve();

  constructor(source: ReportSource) {
    this.#source = source;
  }

  get state(): ShelfState {
    return this.#state;
  }

  /** Call `changed` at each change. Returns what ends that. */
  subscribe(changed: (state: ShelfState) => void): () => void {
    this.#listeners.add(changed);
    return () => void this.#listeners.delete(changed);
  }

  /** Show the reports of a search: at once those that are here already, then as they are now. */
  open(search: string): Promise<void> {
    const { reports, error } = this.#state;
    if (search === this.#state.search && reports.length > 0 && error === null) return this.refresh();
    this.#change({ search, reports: [], next: null });
    return this.#load("first");
  }

  /** Load the next page. */
  more(): Promise<void> {
    return this.#state.loading === null ? this.#load("more") : Promise.resolve();
  }

  /** Do again what has failed. */
  retry(): Promise<void> {
    return this.#failed();
  }

  /** Load again what is shown. What is shown stays until then, and if that fails. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#readAgain();
    return this.#refreshing;
  }

  /** Load again what is shown, for new links to its photos; not if they are new already. */
  renewLinks(): Promise<void> {
    return Date.now() - this.#readAt < NEW_MS ? Promise.resolve() : this.refresh();
  }

  /** Ask how far the unfinished reports are. Returns whether one of them has changed. */
  async follow(): Promise<boolean> {
    const { signal } = this.#work;
    const ids = this.#state.reports.filter(isUnfinished).map(({ id }) => id);
    if (ids.length === 0 || this.#state.loading !== null) return false;
    try {
      const now = new Map((await this.#source.chosen(ids.slice(0, MOST_IDS), signal)).map((one) => [one.id, one]));
      if (signal.aborted) return false;
      const before = this.#state.reports;
      this.#change({ reports: before.map((report) => now.get(report.id) ?? report) });
      return before.some(({ id, status, stage }) => {
        const after = now.get(id);
        return after !== undefined && (after.status !== status || after.stage !== stage);
      });
    } catch (error) {
      // One of them is gone, as after an erasure in another tab: the whole list shows which.
      if (error instanceof ApiProblem && error.status === 404) await this.refresh();
      return false;
    }
  }

  /** Take erased reports from the list. */
  remove(ids: ReadonlySet<string>): void {
    this.#change({ reports: this.#state.reports.filter(({ id }) => !ids.has(id)) });
  }

  async #readAgain(): Promise<void> {
    const signal = this.#begin();
    const { search, reports: shown } = this.#state;
    const reports: ListedReport[] = [];
    let next: string | null = null;
    try {
      do {
        const limit = Math.min(MOST_IDS, Math.max(PAGE, shown.length - reports.length));
        const page = await this.#source.page({ search, before: next, limit }, signal);
        if (signal.aborted) return;
        reports.push(...page.reports);
        next = page.next;
      } while (next !== null && reports.length < shown.length);
      this.#refreshing = null;
      this.#readAt = Date.now();
      this.#change({ reports, next, error: null });
    } catch (error) {
      if (signal.aborted) return;
      this.#refreshing = null;
      this.#fail(error, () => this.refresh());
    }
  }

  async #load(loading: "first" | "more"): Promise<void> {
    const signal = this.#begin();
    this.#change({ loading, error: null });
    const { search } = this.#state;
    try {
      let added = 0;
      for (let pages = 0; pages < MOST_PAGES_AT_ONCE && added < PAGE; pages++) {
        const { reports, next } = this.#state;
        if (pages > 0 && next === null) break;
        const page = await this.#source.page({ search, before: next, limit: PAGE }, signal);
        if (signal.aborted) return;
        const known = new Set(reports.map(({ id }) => id));
        const fresh = page.reports.filter(({ id }) => !known.has(id));
        added += fresh.length;
        this.#change({ reports: [...reports, ...fresh], next: page.next });
      }
      this.#readAt = Date.now();
      this.#change({ loading: null });
    } catch (error) {
      if (!signal.aborted) this.#fail(error, () => this.#load(loading));
    }
  }

  #fail(error: unknown, again: () => Promise<void>): void {
    this.#failed = again;
    this.#change({ loading: null, error });
  }

  /** End what is under way, as a newer wish takes its place. */
  #begin(): AbortSignal {
    this.#work.abort();
    this.#work = new AbortController();
    this.#refreshing = null;
    if (this.#state.loading !== null) this.#change({ loading: null });
    return this.#work.signal;
  }

  #change(next: Partial<ShelfState>): void {
    this.#state = { ...this.#state, ...next };
    for (const listener of this.#listeners) listener(this.#state);
  }
}

/** Where this browser keeps photos and submissions: IndexedDB, shared by all tabs and kept over a reload. */
import { createStore, promisifyRequest, type UseStore } from "idb-keyval";

/** What a transaction leaves: new values by key, `null` deletes; and what it returns. */
export interface Outcome<T> {
  readonly put?: Readonly<Record<string, unknown>>;
  readonly result: T;
}

/** Values by key. */
export interface Records {
  /** Return the values whose key begins with `prefix`, by key. */
  all<T>(prefix: string): Promise<readonly T[]>;
  /** Read `keys`, and write what `decide` makes of them, with no other write between: all or nothing. */
  transact<T>(keys: readonly string[], decide: (values: readonly unknown[]) => Outcome<T>): Promise<T>;
}

/** Records in IndexedDB; they reject where the browser keeps none, as in some private windows. */
export class KeptRecords implements Records {
  readonly #use: UseStore = createStore("capture", "records");

  all<T>(prefix: string): Promise<readonly T[]> {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    return this.#use("readonly", (store) => promisifyRequest<T[]>(store.getAll(range)));
  }

  transact<T>(keys: readonly string[], decide: (values: readonly unknown[]) => Outcome<T>): Promise<T> {
    return this.#use("readwrite", async (store) => {
      const done = promisifyRequest(store.transaction);
      const values = await Promise.all(keys.map((key) => promisifyRequest<unknown>(store.get(key))));
      const { put = {}, result } = decide(values);
      for (const [key, value] of Object.entries(put)) {
        if (value === null) store.delete(key);
        else store.put(value, key);
      }
      await done;
      return result;
    });
  }
}

/** Records that last as long as the page. */
export class PageRecords implements Records {
  readonly #values = new Map<string, unknown>();

  async all<T>(prefix: string): Promise<readonly T[]> {
    const keys = [...this.#values.keys()].filter((key) => key.startsWith(prefix)).sort();
    return keys.map((key) => this.#values.get(key) as T);
  }

  async transact<T>(keys: readonly string[], decide: (values: readonly unknown[]) => Outcome<T>): Promise<T> {
    const { put = {}, result } = decide(keys.map((key) => this.#values.get(key)));
    for (const [key, value] of Object.entries(put)) {
      if (value === null) this.#values.delete(key);
      else this.#values.set(key, value);
    }
    return result;
  }
}

/**
 * The session of Supabase Auth: who is signed in, and access tokens that are renewed before they expire.
 *
 * A session that cannot be renewed is `expired`, not gone: the screen stays, the frame asks for the password over
 * it, and each request that needs a token waits until the person has signed in again.
 */
import { GoTrueClient, isAuthRetryableFetchError, type Session } from "@supabase/auth-js";

import type { Tokens } from "../api/client.ts";
import type { Config } from "../config.ts";

/** No person is signed in, or the person signed out while a request waited. */
export class SignedOut extends Error {
  override readonly name = "SignedOut";
}

export interface Person {
  /** The user's id in Supabase. What the browser keeps for a person is kept under it. */
  readonly id: string;
  readonly email: string;
}

export type SessionState =
  | { readonly kind: "out"; readonly person: null }
  | { readonly kind: "in"; readonly person: Person }
  | { readonly kind: "expired"; readonly person: Person };

const OUT: SessionState = { kind: "out", person: null };
const SESSION = "session";
// Tells a sign-out by the person, in any tab, from a session that ended.
const LEFT = "session-left";

/** The session of this browser. */
export class Account implements Tokens {
  readonly #auth: GoTrueClient;
  readonly #storage: Storage;
  readonly #listeners = new Set<(state: SessionState) => void>();
  #state: SessionState;
  #isLeaving = false;

  constructor(config: Pick<Config, "supabase_url" | "supabase_publishable_key">, storage: Storage) {
    this.#storage = storage;
    const person = personOf(storedSession(storage));
    this.#state = person === null ? OUT : { kind: "in", person };
    this.#auth = new GoTrueClient({
      url: `${config.supabase_url}/auth/v1`,
      headers: { apikey: config.supabase_publishable_key },
      storage,
      storageKey: SESSION,
      autoRefreshToken: true,
      persistSession: true,
      detectSessionInUrl: false,
    });
    this.#auth.onAuthStateChange((event, session) => this.#heard(event, session));
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The person whose screens these are, also while the session is expired. */
  get person(): Person | null {
    return this.#state.person;
  }

  /** Call `changed` at each change of the state. Returns what ends that. */
  subscribe(changed: (state: SessionState) => void): () => void {
    this.#listeners.add(changed);
    return () => void this.#listeners.delete(changed);
  }

  /** Sign in. Throws Supabase's AuthError. */
  async signIn(email: string, password: string): Promise<void> {
    const { error } = await this.#auth.signInWithPassword({ email, password });
    if (error) throw error;
  }

  /** Sign out of this browser, with or without a network. Requests that wait are refused with SignedOut. */
  async signOut(): Promise<void> {
    this.#storage.setItem(LEFT, "1");
    this.#isLeaving = true;
    this.#enter(OUT);
    await this.#auth.signOut({ scope: "local" });
    this.#isLeaving = false;
  }

  /** As Tokens.current. Throws TypeError, as fetch does, where the token cannot be renewed without a network. */
  async current(): Promise<string> {
    this.#forgetLostNetwork();
    const { data, error } = await this.#auth.getSession();
    return data.session?.access_token ?? this.#afterFailure(error);
  }

  async renewed(): Promise<string> {
    this.#forgetLostNetwork();
    const refused = storedSession(this.#storage)?.access_token;
    const { data, error } = await this.#auth.refreshSession();
    if (data.session !== null) return data.session.access_token;
    // Another tab may have renewed the session meanwhile.
    const kept = storedSession(this.#storage)?.access_token;
    if (kept !== undefined && kept !== refused) return kept;
    return this.#afterFailure(error);
  }

  // For a minute the library would answer with the same failure, though the network may be back.
  #forgetLostNetwork(): void {
    const failure = this.#auth["lastRefreshFailure"];
    if (isAuthRetryableFetchError(failure?.result.error)) this.#auth["lastRefreshFailure"] = null;
  }

  async #afterFailure(error: unknown): Promise<string> {
    if (isAuthRetryableFetchError(error)) throw new TypeError("the sign-in service does not answer");
    if (this.#state.kind === "in") {
      this.#enter({ kind: "expired", person: this.#state.person });
      // A token that has not expired, but that the API refuses, would stay in use.
      void this.#auth.signOut({ scope: "local" });
    }
    await this.#signedInAgain(this.person);
    return this.current();
  }

  // A request that one person began never goes on as another's.
  #signedInAgain(person: Person | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (state: SessionState): boolean => {
        if (state.kind === "expired") return false;
        if (state.kind === "in" && state.person.id === person?.id) resolve();
        else reject(new SignedOut("the person signed out"));
        return true;
      };
      if (settle(this.#state)) return;
      const stop = this.subscribe((state) => {
        if (settle(state)) stop();
      });
    });
  }

  #heard(event: string, session: Session | null): void {
    if (this.#isLeaving) return;
    const person = personOf(session);
    if (person !== null) {
      this.#storage.removeItem(LEFT);
      this.#enter({ kind: "in", person });
    } else if (event === "SIGNED_OUT") {
      const hasLeft = this.#storage.getItem(LEFT) !== null || this.#state.person === null;
      this.#enter(hasLeft ? OUT : { kind: "expired", person: this.#state.person! });
    }
  }

  #enter(state: SessionState): void {
    const before = this.#state;
    if (before.kind === state.kind && before.person?.id === state.person?.id) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

function personOf(session: Pick<Session, "user"> | null): Person | null {
  const user = session?.user;
  return user?.id === undefined ? null : { id: user.id, email: user.email ?? "" };
}

// Read without the library: the first screen needs neither its promise nor a network.
function storedSession(storage: Storage): Session | null {
  try {
    return JSON.parse(storage.getItem(SESSION) ?? "null") as Session | null;
  } catch {
    return null;
  }
}

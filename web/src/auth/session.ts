/**
 * The session: who is signed in, and access tokens that are renewed when they expire.
 *
 * A session that cannot be renewed is `expired`, not gone: the screen stays, the frame asks for the password over
 * it, and each request that needs a token waits until the person has signed in again.
 */
import type { Tokens } from "../api/client.ts";
import type { Config } from "../config.ts";
import { AuthProblem, keptSession, type Session, SupabaseAuth } from "./supabase.ts";

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
// A token is not used when it has less than this left: the answer to a request may take 30 s.
const MARGIN_S = 60;

/** The session of this browser. */
export class Account implements Tokens {
  readonly #auth: SupabaseAuth;
  readonly #storage: Storage;
  readonly #listeners = new Set<(state: SessionState) => void>();
  #state: SessionState;

  constructor(config: Pick<Config, "supabase_url" | "supabase_publishable_key">, storage: Storage) {
    this.#auth = new SupabaseAuth(config.supabase_url, config.supabase_publishable_key);
    this.#storage = storage;
    const session = this.#kept();
    this.#state = session === null ? OUT : { kind: "in", person: session.user };
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

  /** Sign in. Throws AuthProblem, or TypeError where no answer comes. */
  async signIn(email: string, password: string): Promise<void> {
    const session = await this.#auth.signIn(email, password);
    this.#keep(session);
    this.#enter({ kind: "in", person: session.user });
  }

  /** Sign out of this browser, with or without a network. Requests that wait are refused with SignedOut. */
  async signOut(): Promise<void> {
    const session = this.#kept();
    this.#storage.setItem(LEFT, "1");
    this.#storage.removeItem(SESSION);
    this.#enter(OUT);
    if (session === null) return;
    try {
      const { access_token } = isFresh(session) ? session : await this.#auth.renew(session.refresh_token);
      await this.#auth.revoke(access_token);
    } catch {
      // The browser has forgotten the session; the service forgets it when it has not been used for long.
    }
  }

  /** Another tab has signed in or out, or has found the session expired. */
  storageChanged(): void {
    const session = this.#kept();
    if (session !== null) this.#enter({ kind: "in", person: session.user });
    else if (this.#storage.getItem(LEFT) !== null) this.#enter(OUT);
    else this.#expire();
  }

  /** Renew an expired token before a request needs it, so that a session that has ended is known at once. */
  wake(): void {
    // What fails here fails again for the request, which tells it.
    if (this.#state.kind === "in") this.current().catch(() => {});
  }

  async current(): Promise<string> {
    const session = this.#kept();
    return session !== null && isFresh(session) ? session.access_token : this.renewed(session?.access_token ?? "");
  }

  async renewed(refused: string): Promise<string> {
    // One tab renews at a time: a refresh token that is used twice ends the session.
    const token = await exclusively(() => this.#renew(refused));
    if (token !== null) return token;
    this.#expire();
    await this.#signedInAgain(this.person);
    return this.current();
  }

  async #renew(refused: string): Promise<string | null> {
    const session = this.#kept();
    if (session === null) return null;
    // Another tab or request has renewed it meanwhile.
    if (session.access_token !== refused) return session.access_token;
    const next = await this.#auth.renew(session.refresh_token).catch((error: unknown) => {
      if (error instanceof AuthProblem && error.isFinal) return null;
      throw new TypeError("the sign-in service does not answer", { cause: error });
    });
    // While the answer was on its way, the person may have signed out.
    if (this.#kept()?.access_token !== refused) return null;
    if (next === null) this.#storage.removeItem(SESSION);
    else this.#keep(next);
    return next?.access_token ?? null;
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

  #expire(): void {
    if (this.#state.kind === "in") this.#enter({ kind: "expired", person: this.#state.person });
  }

  #enter(state: SessionState): void {
    const before = this.#state;
    if (before.kind === state.kind && before.person?.id === state.person?.id) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  #kept(): Session | null {
    try {
      return keptSession(JSON.parse(this.#storage.getItem(SESSION) ?? "null"));
    } catch {
      return null;
    }
  }

  #keep(session: Session): void {
    this.#storage.removeItem(LEFT);
    this.#storage.setItem(SESSION, JSON.stringify(session));
  }
}

function isFresh({ expires_at }: Session): boolean {
  return expires_at - MARGIN_S > Date.now() / 1000;
}

// Browsers have locks on secure origins only.
function exclusively<T>(work: () => Promise<T>): Promise<T> {
  return "locks" in navigator ? (navigator.locks.request(SESSION, work) as Promise<T>) : work();
}

/** The session of Supabase Auth: sign in and out, and access tokens that are renewed before they expire. */
import { GoTrueClient, type Session } from "@supabase/auth-js";

import type { Tokens } from "../api/client.ts";
import type { Config } from "../config.ts";

/** Nobody is signed in, or the session ended: the person must sign in again. */
export class SignedOut extends Error {
  override readonly name = "SignedOut";
}

/** The session of this browser. */
export class Account implements Tokens {
  readonly #auth: GoTrueClient;

  constructor(config: Config) {
    this.#auth = new GoTrueClient({
      url: `${config.supabase_url}/auth/v1`,
      headers: { apikey: config.supabase_publishable_key },
      storageKey: "session",
      autoRefreshToken: true,
      persistSession: true,
      detectSessionInUrl: false,
    });
  }

  /** Return the e-mail address of the person who is signed in; null: none is. */
  async email(): Promise<string | null> {
    return (await this.#session())?.user.email ?? null;
  }

  /** Sign in. Throws an Error with Supabase's message. */
  async signIn(email: string, password: string): Promise<void> {
    const { error } = await this.#auth.signInWithPassword({ email, password });
    if (error) throw error;
  }

  /** Sign out of this browser. */
  async signOut(): Promise<void> {
    await this.#auth.signOut({ scope: "local" });
  }

  /** Call `changed` with the address of the person who is signed in whenever that changes. */
  onChange(changed: (email: string | null) => void): () => void {
    const { data } = this.#auth.onAuthStateChange((_event, session) => changed(session?.user.email ?? null));
    return () => data.subscription.unsubscribe();
  }

  async current(): Promise<string> {
    const session = await this.#session();
    if (session === null) throw new SignedOut();
    return session.access_token;
  }

  async renewed(): Promise<string> {
    const { data } = await this.#auth.refreshSession();
    if (data.session === null) throw new SignedOut();
    return data.session.access_token;
  }

  async #session(): Promise<Session | null> {
    return (await this.#auth.getSession()).data.session;
  }
}

/** The three requests to Supabase Auth that the page needs: sign in, renew, sign out. */

/** What the browser keeps of a session. */
export interface Session {
  readonly access_token: string;
  /** Valid once: each renewal answers with the next one. */
  readonly refresh_token: string;
  /** By this machine's clock, in seconds since 1970. */
  readonly expires_at: number;
  readonly user: { readonly id: string; readonly email: string };
}

/** Supabase Auth answered with an error. */
export class AuthProblem extends Error {
  override readonly name = "AuthProblem";
  readonly status: number;
  /** Supabase's code, as in `invalid_credentials`; empty: the answer has none. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** Whether the same request would be refused again: the service works, and says no. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 408 && this.status !== 429;
  }
}

const TIMEOUT_MS = 15_000;

/** A project's Supabase Auth. Each method throws AuthProblem, or TypeError where no answer comes. */
export class SupabaseAuth {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, publishableKey: string) {
    this.#url = `${url}/auth/v1`;
    this.#key = publishableKey;
  }

  async signIn(email: string, password: string): Promise<Session> {
    return sessionOf(await this.#post("/token?grant_type=password", { email, password }));
  }

  async renew(refreshToken: string): Promise<Session> {
    return sessionOf(await this.#post("/token?grant_type=refresh_token", { refresh_token: refreshToken }));
  }

  /** End one session, so that its refresh token is of no more use. */
  async revoke(accessToken: string): Promise<void> {
    await this.#post("/logout?scope=local", {}, { Authorization: `Bearer ${accessToken}` });
  }

  async #post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const response = await answered(
      fetch(this.#url + path, {
        method: "POST",
        headers: { "Content-Type": "application/json", apikey: this.#key, ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }),
    );
    if (!response.ok) throw await problemOf(response);
    return response;
  }
}

// A time-out is a DOMException; for the caller it is one more way to get no answer.
async function answered(request: Promise<Response>): Promise<Response> {
  try {
    return await request;
  } catch (error) {
    throw new TypeError("the sign-in service does not answer", { cause: error });
  }
}

async function problemOf(response: Response): Promise<AuthProblem> {
  const body = (await response.json().catch(() => null)) as { error_code?: unknown; msg?: unknown } | null;
  const code = typeof body?.error_code === "string" ? body.error_code : "";
  return new AuthProblem(response.status, code, typeof body?.msg === "string" ? body.msg : `${response.status}`);
}

async function sessionOf(response: Response): Promise<Session> {
  const body = (await response.json().catch(() => null)) as (Partial<Session> & { expires_in?: unknown }) | null;
  const session = keptSession({ ...body, expires_at: Date.now() / 1000 + Number(body?.expires_in) });
  if (session === null) throw new AuthProblem(502, "", "the sign-in service answered without a session");
  return session;
}

/** Return a session of which only what the page needs is left; null: it is none. */
export function keptSession(value: unknown): Session | null {
  if (typeof value !== "object" || value === null) return null;
  const { access_token, refresh_token, expires_at, user } = value as Partial<Session>;
  if (typeof access_token !== "string" || typeof refresh_token !== "string") return null;
  if (typeof user?.id !== "string" || !Number.isFinite(expires_at)) return null;
  return { access_token, refresh_token, expires_at: expires_at!, user: { id: user.id, email: user.email ?? "" } };
}

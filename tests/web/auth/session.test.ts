import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { signInMessage } from "../../../web/src/auth/messages.ts";
import { Account, type SessionState, SignedOut } from "../../../web/src/auth/session.ts";
import { frame } from "../../../web/src/i18n/en/frame.ts";

const CONFIG = { supabase_url: "https://project.supabase.co", supabase_publishable_key: "key" };
const ADA = { id: "u1", email: "ada@vitrine.example" };
const BEN = { id: "u2", email: "ben@vitrine.example" };

/** What the browser keeps. */
class Kept implements Storage {
  readonly #values = new Map<string, string>();
  [name: string]: unknown;
  get length(): number {
    return this.#values.size;
  }
  clear(): void {
    this.#values.clear();
  }
  key(index: number): string | null {
    return [...this.#values.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.#values.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#values.set(key, value);
  }
  removeItem(key: string): void {
    this.#values.delete(key);
  }
}

/** A sign-in service: what it does with a refresh token, whom it knows, and what it was asked. */
const service = {
  refresh: "refuses" as "renews" | "refuses" | "fails" | "is unreachable",
  user: ADA,
  calls: [] as string[],
  // Runs while the answer to a renewal is on its way.
  meanwhile: async () => {},
};
let storage: Kept;
let count = 0;

beforeEach(() => {
  storage = new Kept();
  Object.assign(service, { refresh: "refuses", user: ADA, calls: [], meanwhile: async () => {} });
  mock.method(globalThis, "fetch", async (address: string, init: RequestInit) => {
    const url = new URL(address);
    const grant = url.searchParams.get("grant_type") ?? url.pathname;
    service.calls.push(grant);
    assert.equal((init.headers as Record<string, string>)["apikey"], "key");
    if (grant === "/auth/v1/logout") return new Response(null, { status: 204 });
    const { password } = JSON.parse(String(init.body)) as { password?: string };
    if (grant === "refresh_token") {
      await service.meanwhile();
      if (service.refresh === "is unreachable") throw new TypeError("Failed to fetch");
      if (service.refresh === "fails") return new Response("<h1>Bad gateway</h1>", { status: 502 });
      if (service.refresh === "refuses") return refusal("refresh_token_not_found", "Invalid Refresh Token");
    } else if (password !== "right") {
      return refusal("invalid_credentials", "Invalid login credentials");
    }
    return Response.json(answer());
  });
});

afterEach(() => mock.restoreAll());

/** An error as Supabase Auth words it. */
function refusal(code: string, message: string): Response {
  return Response.json({ code: 400, error_code: code, msg: message }, { status: 400 });
}

/** A session as Supabase Auth answers it; a field of the user's stands for the many that the page does not need. */
function answer() {
  count += 1;
  return {
    access_token: `token${count}`,
    refresh_token: `refresh${count}`,
    token_type: "bearer",
    expires_in: 3600,
    expires_at: 1,
    user: { ...service.user, aud: "authenticated" },
  };
}

/** The account of a browser that keeps a session which ends in `seconds`. */
function signedIn(seconds: number): Account {
  const { expires_in, ...session } = answer();
  storage.setItem("session", JSON.stringify({ ...session, expires_at: Date.now() / 1000 + seconds }));
  return new Account(CONFIG, storage);
}

function once(account: Account, kind: SessionState["kind"]): Promise<void> {
  return new Promise((resolve) => {
    if (account.state.kind === kind) resolve();
    account.subscribe((state) => state.kind === kind && resolve());
  });
}

test("kept session needs no network to begin", () => {
  assert.deepEqual(signedIn(-60).state, { kind: "in", person: ADA });
  assert.deepEqual(service.calls, []);
});

test("damaged session is none", () => {
  for (const kept of ["{", "null", "[]", '"text"', "7", '{"user":{}}', '{"access_token":"a","refresh_token":"b","user":{"id":"u1"}}']) {
    storage.setItem("session", kept);
    assert.equal(new Account(CONFIG, storage).person, null, kept);
  }
});

test("ended session is known before a request", async () => {
  const account = signedIn(-60);
  account.wake();
  await once(account, "expired");
  account.wake();
  assert.deepEqual(service.calls, ["refresh_token"]);
});

test("waking without a session asks nothing", () => {
  new Account(CONFIG, storage).wake();
  signedIn(3600).wake();
  assert.deepEqual(service.calls, []);
});

test("expired token is renewed", async () => {
  service.refresh = "renews";
  const account = signedIn(-60);
  assert.match(await account.current(), /^token/);
  assert.equal(account.state.kind, "in");
});

test("ended session waits for the same person", async () => {
  const account = signedIn(-60);
  const token = account.current();
  await once(account, "expired");
  assert.deepEqual(account.person, ADA);
  await account.signIn(ADA.email, "right");
  assert.match(await token, /^token/);
  assert.deepEqual(account.state, { kind: "in", person: ADA });
});

test("token refused by the API ends a session that cannot be renewed", async () => {
  const account = signedIn(3600);
  const refused = await account.current();
  const token = account.renewed(refused);
  await once(account, "expired");
  await account.signIn(ADA.email, "right");
  assert.notEqual(await token, refused);
});

test("requests at once renew once", async () => {
  service.refresh = "renews";
  const account = signedIn(-60);
  const otherTab = new Account(CONFIG, storage);
  const tokens = await Promise.all([account.current(), account.current(), otherTab.current()]);
  assert.equal(new Set(tokens).size, 1);
  assert.deepEqual(service.calls, ["refresh_token"]);
});

test("token that was renewed meanwhile is not renewed again", async () => {
  service.refresh = "renews";
  const account = signedIn(-60);
  const token = await account.current();
  assert.equal(await account.renewed("an older one"), token);
  assert.deepEqual(service.calls, ["refresh_token"]);
});

test("sign-out during a renewal holds", async () => {
  service.refresh = "renews";
  const account = signedIn(-60);
  service.meanwhile = () => {
    service.meanwhile = async () => {};
    return account.signOut();
  };
  await assert.rejects(account.current(), SignedOut);
  assert.equal(account.state.kind, "out");
  assert.equal(storage.getItem("session"), null);
});

test("request of one person never goes on as another's", async () => {
  const account = signedIn(-60);
  const token = account.current();
  await once(account, "expired");
  service.user = BEN;
  await Promise.all([account.signIn(BEN.email, "right"), assert.rejects(token, SignedOut)]);
  assert.deepEqual(account.person, BEN);
});

test("sign-out refuses requests that wait", async () => {
  const account = signedIn(-60);
  const token = account.current();
  await once(account, "expired");
  await Promise.all([account.signOut(), assert.rejects(token, SignedOut)]);
  assert.equal(account.state.kind, "out");
});

test("sign-out is not an ended session", async () => {
  const account = signedIn(3600);
  const states: string[] = [];
  account.subscribe(({ kind }) => states.push(kind));
  await account.signOut();
  assert.deepEqual(states, ["out"]);
  assert.equal(storage.getItem("session"), null);
  await assert.rejects(account.current(), SignedOut);
});

test("sign-out of an expired token revokes its successor", async () => {
  service.refresh = "renews";
  await signedIn(-60).signOut();
  assert.deepEqual(service.calls, ["refresh_token", "/auth/v1/logout"]);
  assert.equal(storage.getItem("session"), null);
});

test("sign-out needs no network", async () => {
  service.refresh = "is unreachable";
  const account = signedIn(-60);
  await account.signOut();
  assert.equal(account.state.kind, "out");
  assert.equal(new Account(CONFIG, storage).person, null);
});

for (const failure of ["is unreachable", "fails"] as const) {
  test(`session stays when the service ${failure}`, async () => {
    service.refresh = failure;
    const account = signedIn(-60);
    await assert.rejects(account.current(), TypeError);
    assert.deepEqual(account.state, { kind: "in", person: ADA });
    service.refresh = "renews";
    assert.match(await account.current(), /^token/);
  });
}

test("tabs follow each other", async () => {
  const account = signedIn(3600);
  const otherTab = new Account(CONFIG, storage);
  await account.signOut();
  otherTab.storageChanged();
  assert.equal(otherTab.state.kind, "out");
  await account.signIn(ADA.email, "right");
  otherTab.storageChanged();
  assert.deepEqual(otherTab.state, { kind: "in", person: ADA });
  storage.removeItem("session");
  otherTab.storageChanged();
  const { kind }: SessionState = otherTab.state;
  assert.equal(kind, "expired");
});

test("browser keeps no more than it needs", async () => {
  const account = new Account(CONFIG, storage);
  await account.signIn(ADA.email, "right");
  const kept = JSON.parse(storage.getItem("session")!) as object;
  assert.deepEqual(Object.keys(kept).sort(), ["access_token", "expires_at", "refresh_token", "user"]);
  assert.deepEqual((kept as { user: object }).user, ADA);
});

test("clock of the service does not matter", async () => {
  // It answers with `expires_at` of 1970; the page counts from its own clock.
  const account = new Account(CONFIG, storage);
  await account.signIn(ADA.email, "right");
  await account.current();
  assert.deepEqual(service.calls, ["password"]);
});

test("wrong password is told in words", async () => {
  const account = new Account(CONFIG, storage);
  const message = await account.signIn(ADA.email, "wrong").catch((error: unknown) => signInMessage(error, frame));
  assert.equal(message, frame.signInWrong);
  assert.equal(account.state.kind, "out");
});

for (const [status, body, expected] of [
  [429, { msg: "Request rate limit reached" }, frame.signInTooMany],
  [400, { error_code: "email_not_confirmed", msg: "Email not confirmed" }, frame.signInUnconfirmed],
  [422, { error_code: "other", msg: "Signups are off" }, frame.signInFailed("Signups are off")],
  [500, { msg: "Database error" }, frame.signInUnreachable],
  [200, { access_token: 1 }, frame.signInUnreachable],
  [200, null, frame.signInUnreachable],
] as const) {
  test(`sign-in answered by ${status} ${JSON.stringify(body)} is told in words`, async () => {
    mock.method(globalThis, "fetch", async () => Response.json(body, { status }));
    const account = new Account(CONFIG, storage);
    const error = await account.signIn(ADA.email, "right").catch((thrown: unknown) => thrown);
    assert.equal(signInMessage(error, frame), expected);
  });
}

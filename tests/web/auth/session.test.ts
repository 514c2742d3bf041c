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

// By it the accounts of all tests would be tabs of one browser.
Reflect.deleteProperty(globalThis, "BroadcastChannel");

/** A sign-in service: its next answers by grant. */
const service = { refresh: "refuses" as "renews" | "refuses" | "is unreachable", user: ADA, calls: [] as string[] };
let storage: Kept;
let count = 0;

beforeEach(() => {
  storage = new Kept();
  Object.assign(service, { refresh: "refuses", user: ADA, calls: [] });
  mock.method(console, "warn", () => {});
  mock.method(globalThis, "fetch", async (address: string, init: RequestInit) => {
    const url = new URL(address);
    const grant = url.searchParams.get("grant_type") ?? url.pathname;
    service.calls.push(grant);
    if (grant === "refresh_token" && service.refresh === "is unreachable") throw new TypeError("Failed to fetch");
    if (grant === "refresh_token" && service.refresh === "refuses") {
      return Response.json({ code: 400, error_code: "refresh_token_not_found", msg: "not found" }, { status: 400 });
    }
    if (grant === "/auth/v1/logout") return new Response(null, { status: 204 });
    const { password } = JSON.parse(String(init.body)) as { password?: string };
    if (grant === "password" && password !== "right") {
      return Response.json({ code: 400, error_code: "invalid_credentials", msg: "Invalid login" }, { status: 400 });
    }
    return Response.json(session(3600));
  });
});

afterEach(() => mock.restoreAll());

function session(seconds: number) {
  count += 1;
  return {
    access_token: `${btoa('{"alg":"ES256"}')}.${btoa(JSON.stringify({ sub: service.user.id, count }))}.c2ln`,
    refresh_token: `r${count}`,
    token_type: "bearer",
    expires_in: seconds,
    expires_at: Math.floor(Date.now() / 1000) + seconds,
    user: { ...service.user, aud: "authenticated" },
  };
}

/** The account of a browser that keeps a session which ends in `seconds`. */
function signedIn(seconds: number): Account {
  storage.setItem("session", JSON.stringify(session(seconds)));
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
  for (const kept of ["{", "null", "[]", '{"user":{}}']) {
    storage.setItem("session", kept);
    assert.equal(new Account(CONFIG, storage).person, null, kept);
  }
});

test("expired token is renewed", async () => {
  service.refresh = "renews";
  const account = signedIn(-60);
  assert.match(await account.current(), /\.c2ln$/);
  assert.equal(account.state.kind, "in");
});

test("ended session waits for the same person", async () => {
  const account = signedIn(-60);
  const token = account.current();
  await once(account, "expired");
  assert.deepEqual(account.person, ADA);
  await account.signIn(ADA.email, "right");
  assert.match(await token, /\.c2ln$/);
  assert.deepEqual(account.state, { kind: "in", person: ADA });
});

test("token refused by the API ends a session that cannot be renewed", async () => {
  const account = signedIn(3600);
  const token = account.renewed();
  await once(account, "expired");
  await account.signIn(ADA.email, "right");
  assert.match(await token, /\.c2ln$/);
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

test("lost network does not end a session", async () => {
  service.refresh = "is unreachable";
  // The library tries for half a minute.
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.now() });
  try {
    const account = signedIn(-60);
    const token = assert.rejects(account.current(), TypeError);
    for (let tick = 0; tick < 200; tick += 1) {
      await new Promise(setImmediate);
      mock.timers.tick(500);
    }
    await token;
    assert.deepEqual(account.state, { kind: "in", person: ADA });
    service.refresh = "renews";
    assert.match(await account.current(), /\.c2ln$/);
  } finally {
    mock.timers.reset();
  }
});

test("wrong password is told in words", async () => {
  const account = new Account(CONFIG, storage);
  const message = await account.signIn(ADA.email, "wrong").catch((error: unknown) => signInMessage(error, frame));
  assert.equal(message, frame.signInWrong);
  assert.equal(account.state.kind, "out");
});

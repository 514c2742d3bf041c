// Runs the page's session, from the module at SESSION, against the issuer at ISSUER; prints what happened as JSON.
const { Account } = await import(process.env.SESSION);

const storage = () => {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
};
const config = { supabase_url: process.env.ISSUER, supabase_publishable_key: "sb_publishable_local" };
const email = "demo@vitrine.test";
const password = process.env.PASSWORD;
const seen = {};

const kept = storage();
const account = new Account(config, kept);
seen.wrongPassword = (await account.signIn(email, "wrong").catch((error) => error)).code;
await account.signIn(email, password);
seen.email = account.person.email;
const first = await account.current();
const old = kept.getItem("session");
const second = await account.renewed(first);
const third = await account.renewed(second);
seen.tokens = new Set([first, second, third]).size;

// A copy of the first session that is used again: reuse, which ends the session of both.
const copy = storage();
copy.setItem("session", old);
const thief = new Account(config, copy);
const waiting = thief.renewed(first);
await new Promise((resolve) => thief.subscribe(resolve));
seen.reused = thief.state.kind;
const renewal = account.renewed(third);
await new Promise((resolve) => account.subscribe(resolve));
seen.owner = account.state.kind;
await account.signIn(email, password);
seen.goesOn = (await renewal) === (await account.current());

const held = kept.getItem("session");
await account.signOut();
copy.setItem("session", held);
const late = new Account(config, copy);
void late.renewed(JSON.parse(held).access_token).catch(() => {});
await new Promise((resolve) => late.subscribe(resolve));
seen.afterSignOut = late.state.kind;
void waiting.catch(() => {});

console.log(JSON.stringify(seen));
process.exit(0);

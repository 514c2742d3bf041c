// Runs Supabase's own client against the issuer at ISSUER, and prints what happened as JSON.
import { GoTrueClient } from "@supabase/auth-js";

const browser = () => {
  const kept = new Map();
  return new GoTrueClient({
    url: process.env.ISSUER,
    headers: { apikey: "sb_publishable_local" },
    persistSession: true,
    autoRefreshToken: false,
    detectSessionInUrl: false,
    storage: {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    },
  });
};
const code = ({ error }) => (error === null ? null : (error.code ?? error.name));
const credentials = { email: "demo@vitrine.test", password: process.env.PASSWORD };
const seen = {};

const first = browser();
seen.wrongPassword = code(await first.signInWithPassword({ ...credentials, password: "wrong" }));
const signedIn = await first.signInWithPassword(credentials);
seen.signIn = code(signedIn);
seen.email = (await first.getUser()).data.user.email;
const { access_token, refresh_token } = signedIn.data.session;
seen.claims = (await first.getClaims()).data.claims.email;

const once = await first.refreshSession();
const twice = await first.refreshSession();
seen.refresh = [code(once), code(twice)];
seen.rotated = new Set([refresh_token, once.data.session.refresh_token, twice.data.session.refresh_token]).size;
seen.sameUser = twice.data.user.id === signedIn.data.user.id;

// Another browser that holds the first token: reuse, which ends the session of both.
seen.reuse = code(await browser().refreshSession({ refresh_token }));
seen.afterReuse = code(await first.refreshSession());
seen.userOfEnded = code(await browser().getUser(access_token));

const second = browser();
const again = await second.signInWithPassword(credentials);
seen.signOut = code(await second.signOut({ scope: "local" }));
seen.session = (await second.getSession()).data.session;
const held = { refresh_token: again.data.session.refresh_token };
seen.afterSignOut = code(await second.refreshSession(held));

console.log(JSON.stringify(seen));

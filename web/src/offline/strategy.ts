/** Which requests the service worker answers, and how. */

/**
 * - `shell`: the page itself, from the cache: it opens without a network.
 * - `asset`: a file of the build, from the cache.
 * - `settings`: /config.json, from the network, and from the cache without one.
 * - `network`: everything else, untouched: the API, sign-in, photos.
 */
export type Strategy = "shell" | "asset" | "settings" | "network";

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly mode: string;
}

/** Return the strategy for a request on a page at `origin` whose build consists of the paths `files`. */
export function strategyOf({ method, url, mode }: Asked, origin: string, files: ReadonlySet<string>): Strategy {
  const { origin: asked, pathname } = new URL(url);
  if (method !== "GET" || asked !== origin) return "network";
  if (pathname === "/api" || pathname.startsWith("/api/")) return "network";
  if (pathname === "/config.json") return "settings";
  if (files.has(pathname)) return "asset";
  return mode === "navigate" ? "shell" : "network";
}

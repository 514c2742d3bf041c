/**
 * The service worker: keeps the files of one build, so that the page opens without a network.
 *
 * A page and its worker are of one build. The next build waits until the person accepts it or closes the page:
 * an open page never meets files of another build. Reports and photos are not kept here.
 */
import type { KeptHeader, WorkerMessage } from "./messages.ts";
import { strategyOf } from "./strategy.ts";

// The build puts the paths of its files and a hash of their content here (vite.config.ts).
declare const __FILES__: readonly string[];
declare const __BUILD__: string;

// TypeScript declares a worker's globals in a library that contradicts the page's.
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
  addEventListener(type: "message", listener: (event: MessageEvent<WorkerMessage>) => void): void;
}

const worker = self as unknown as Worker;
const KEPT: KeptHeader = "x-kept";
const SHELL = "/";
const SETTINGS = "/config.json";
const SETTINGS_TIMEOUT_MS = 5000;
const NAME = `build-${__BUILD__}`;
const files: ReadonlySet<string> = new Set(__FILES__);

worker.addEventListener("install", (event) => event.waitUntil(keepBuild()));

worker.addEventListener("activate", (event) => event.waitUntil(replaceOlder()));

worker.addEventListener("message", (event) => {
  if (event.data === "activate") void worker.skipWaiting();
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const strategy = strategyOf(request, location.origin, files);
  if (strategy === "shell") event.respondWith(kept(SHELL, request));
  if (strategy === "asset") event.respondWith(kept(new URL(request.url).pathname, request));
  if (strategy === "settings") {
    event.respondWith(settings(request));
    event.waitUntil(renewPolicy());
  }
});

async function keepBuild(): Promise<void> {
  const cache = await caches.open(NAME);
  // Past the browser's own cache, which may hold the page of another build.
  await cache.addAll([SHELL, SETTINGS, ...files].map((path) => new Request(path, { cache: "reload" })));
}

async function replaceOlder(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name)));
  await worker.clients.claim();
}

async function kept(path: string, request: Request): Promise<Response> {
  return (await (await caches.open(NAME)).match(path)) ?? fetch(request);
}

// The page is kept with its headers. A deployment can change the origins that its policy allows, and no file.
async function renewPolicy(): Promise<void> {
  const cache = await caches.open(NAME);
  const [last, current] = await Promise.all([cache.match(SHELL), fetch(SHELL, { cache: "no-cache" }).catch(() => null)]);
  if (last === undefined || !current?.ok) return;
  // A page of another build comes with its own worker.
  if ((await last.text()) === (await current.clone().text())) await cache.put(SHELL, current);
}

async function settings(request: Request): Promise<Response> {
  const cache = await caches.open(NAME);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(SETTINGS_TIMEOUT_MS) });
    if (answer.ok) await cache.put(SETTINGS, answer.clone());
    return answer;
  } catch (error) {
    const last = await cache.match(SETTINGS);
    if (last === undefined) throw error;
    const headers = new Headers(last.headers);
    headers.set(KEPT, "1");
    return new Response(last.body, { headers });
  }
}

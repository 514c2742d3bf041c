// Supabase's Edge runtime, as far as our functions need it: every function's own index.ts, in one process, on
// loopback.
//
//   deno run --allow-net --allow-env --allow-read main.ts PORT FUNCTION…
//
// Each function calls Deno.serve once. Its handler is stored under the function's name and serves
// /functions/v1/NAME. In a Supabase project each function has its own isolate. A task that a function has named by
// EdgeRuntime.waitUntil runs on after the response, and the process ends after it.

type Handler = (request: Request) => Response | Promise<Response>;

const [port, ...names] = Deno.args;
const handlers = new Map<string, Handler>();
const serve = Deno.serve;
const tasks = new Set<Promise<unknown>>();

const EdgeRuntime = {
  waitUntil(task: Promise<unknown>): void {
    const ended = task.catch((error) => failed("task failed", error)).finally(() => tasks.delete(ended));
    tasks.add(ended);
  },
};
Object.assign(globalThis, { EdgeRuntime });
Deno.addSignalListener("SIGTERM", async () => {
  await Promise.all(tasks);
  Deno.exit();
});

function failed(message: string, error: unknown): void {
  console.error(JSON.stringify({ level: "error", message, kind: (error as Error).name }));
}

for (const name of names) {
  Object.assign(Deno, { serve: (handler: Handler) => handlers.set(name, handler) });
  await import(`../../../supabase/functions/${name}/index.ts`);
}

serve({ hostname: "127.0.0.1", port: Number(port) }, async (request) => {
  const path = new URL(request.url).pathname;
  if (path === "/healthz") return new Response("ready");
  const handler = handlers.get(path.match(/^\/functions\/v1\/([^/]+)$/)?.[1] ?? "");
  if (!handler) return Response.json({ code: "NOT_FOUND", message: "no such function" }, { status: 404 });
  try {
    return await handler(request);
  } catch (error) {
    failed("function failed", error);
    return Response.json({ code: "WORKER_ERROR", message: "the function failed" }, { status: 500 });
  }
});

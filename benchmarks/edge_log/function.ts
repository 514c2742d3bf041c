// Serves the Edge Function report-ready without its database: every signed event is applied at once.
//
//   deno run … function.ts PORT FUNCTIONS
//
// FUNCTIONS is the folder of the functions, or of a copy of them.
const [port, functions] = Deno.args;
const { handler } = await import(`${functions}/report-ready/handler.ts`);
const { writer } = await import(`${functions}/_shared/log.ts`);

const serve = handler(Deno.env.get("VITRINE_WEBHOOK_SECRET"), () => Promise.resolve(true), writer("report-ready"));
Deno.serve({ hostname: "127.0.0.1", port: Number(port) }, (request) => {
  return new URL(request.url).pathname === "/healthz" ? new Response("ready") : serve(request);
});

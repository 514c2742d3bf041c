// Receives Vitrine's signed events about ended and erased reports, and keeps public.reports in step with them.
//
// SUPABASE_DB_URL is the project's own; VITRINE_WEBHOOK_SECRET is one key of Standard Webhooks (whsec_…) or two.
import postgres from "postgres";
import { writer } from "../_shared/log.ts";
import { handler } from "./handler.ts";

const secret = Deno.env.get("VITRINE_WEBHOOK_SECRET");
if (!secret?.trim()) {
  throw new Error("VITRINE_WEBHOOK_SECRET is not set: supabase secrets set VITRINE_WEBHOOK_SECRET=…");
}

// prepare: the transaction pooler, which some projects connect through, has no prepared statements.
const sql = postgres(Deno.env.get("SUPABASE_DB_URL")!, { max: 2, prepare: false, connect_timeout: 5 });

Deno.serve(handler(secret, async (event, traceparent) => {
  const { owner, analysis, report, at } = event;
  // The database's own webhook, if the event leads to one, continues the trace: it reads the headers of its request.
  const headers = JSON.stringify({ traceparent });
  const [row] = event.kind === "erased"
    ? await sql`
    with request as materialized (select set_config('request.headers', ${headers}, true))
    select vitrine.erase_report(
      ${owner}::uuid, ${analysis}::uuid, ${report.id}, ${at}::text::timestamptz
    ) as applied from request`
    : await sql`
    with request as materialized (select set_config('request.headers', ${headers}, true))
    select vitrine.apply_report(
      ${owner}::uuid, ${analysis}::uuid, ${report.id}, ${event.succeeded}::boolean, ${at}::text::timestamptz,
      ${JSON.stringify(report)}::text::jsonb
    ) as applied from request`;
  return row.applied;
}, writer("report-ready")));

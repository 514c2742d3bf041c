// Signs in by supabase-js, posts photos of one thing and prints the report's title and description:
//
//   deno run --allow-net --allow-env --allow-read examples/typescript/report.ts PHOTO…
//
// VITRINE_API_URL, SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY are outputs of the stacks (`python -m local outputs` on
// the local system); EMAIL and PASSWORD are a user's.
import { createClient } from "@supabase/supabase-js";

const setting = (name: string): string => {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

const supabase = createClient(setting("SUPABASE_URL"), setting("SUPABASE_PUBLISHABLE_KEY"), {
  auth: { autoRefreshToken: false, persistSession: false },
});
const { data, error } = await supabase.auth.signInWithPassword({
  email: setting("EMAIL"),
  password: setting("PASSWORD"),
});
if (error) throw error;
const authorization = `Bearer ${data.session.access_token}`;

const form = new FormData();
for (const photo of Deno.args) form.append("images", new Blob([await Deno.readFile(photo)]), photo);
// The same key again gives the same report: safe to repeat after a lost connection.
const headers = { authorization, "idempotency-key": crypto.randomUUID(), prefer: "wait=20" };
let report = await answered(fetch(`${setting("VITRINE_API_URL")}/analyze`, { method: "POST", headers, body: form }));

// 202: the report is not ready yet. Ask again; each request waits up to 20 s.
while (report.status === "queued" || report.status === "running") {
  const address = `${setting("VITRINE_API_URL")}/reports/${report.id}`;
  report = await answered(fetch(address, { headers: { authorization, prefer: "wait=20" } }));
}
console.log(`${report.title ?? report.failure.reason}\n\n${report.description ?? ""}`);

// deno-lint-ignore no-explicit-any
async function answered(request: Promise<Response>): Promise<any> {
  const response = await request;
  const body = await response.json();
  if (!response.ok) throw new Error(`${response.status}: ${body.detail ?? body.message} ${body.remedy ?? ""}`);
  return body;
}

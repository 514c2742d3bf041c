// Starts an analysis with the caller's own token. VITRINE_API_URL is the address of Vitrine's API.
import { writer } from "../_shared/log.ts";
import { handler } from "./handler.ts";

const api = Deno.env.get("VITRINE_API_URL");
if (!api?.trim()) throw new Error("VITRINE_API_URL is not set: supabase secrets set VITRINE_API_URL=https://…");

Deno.serve(handler(api, writer("analyze-function")));

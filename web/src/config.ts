import { isFromNetwork } from "./offline/connection.ts";

/** What the page is told by `/config.json`, which the deployment writes from the stack outputs. */
export interface Config {
  /** Base URL of the API: `/api` on the page's own origin, or an absolute URL. */
  readonly api: string;
  readonly supabase_url: string;
  readonly supabase_publishable_key: string;
  readonly environment: string;
  /** The goods that the model is asked about: `drawn` and `photo` are the demo's. */
  readonly goods: "drawn" | "photo" | "second_hand";
  /** Minutes that a sleeping model needs to start; null where one is always running. */
  readonly model_start_minutes: number | null;
  /** A sign-in that the form offers; on the local system only. */
  readonly demo_sign_in: { readonly email: string; readonly password: string } | null;
}

/**
 * Load the configuration; without a network, that of the last visit, and `isFresh` is false. Throws an Error that
 * names what is wrong with it.
 */
export async function loadConfig(): Promise<{ config: Config; isFresh: boolean }> {
  const response = await fetch("/config.json", { cache: "no-cache" });
  if (!response.ok) throw new Error(`/config.json is not there: the answer was ${response.status}.`);
  const config = (await response.json()) as Partial<Config>;
  for (const key of ["api", "supabase_url", "supabase_publishable_key"] as const) {
    if (typeof config[key] !== "string") throw new Error(`/config.json has no "${key}"`);
  }
  // The deployment leaves out what does not apply.
  const whole = { model_start_minutes: null, demo_sign_in: null, ...config } as Config;
  return { config: whole, isFresh: isFromNetwork(response) };
}

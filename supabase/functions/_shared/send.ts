// Posts the lines of the log to Vitrine, for a project whose logs no drain sends on.
//
// A line is posted once, after the response. What was not taken is counted in a later line, and is in the console's log.

/** The variables of a function; Deno.env is one. */
export interface Variables {
  get(name: string): string | undefined;
}

/** How many lines Vitrine has not taken, by the reason: too many under way, no answer in time, no connection, refused. */
export type Unsent = Readonly<Record<string, number>>;

/** The variables for the sending contradict each other; the message names them, and no value. */
export class Misconfigured extends Error {}

const TIMEOUT_MS = 2000;
// Supabase's own log takes 100 lines in 10 s: at that rate, a receiver that never answers has so many open.
const MOST_UNDER_WAY = 20;
const KEY = /^[!-~]{32,}$/;
const REFUSALS = new Map([[401, "unsent_unauthenticated"], [429, "unsent_throttled"]]);
const LOOPBACK = ["127.0.0.1", "[::1]", "localhost"];

interface Runtime {
  EdgeRuntime?: { waitUntil?(task: Promise<unknown>): void };
}

/**
 * Returns what sends lines to VITRINE_LOGS_URL with the key VITRINE_LOGS_KEY; undefined where neither is set. Throws
 * Misconfigured where one is missing or has another form.
 */
export function configuredSender(variables: Variables): Sender | undefined {
  const [url, key] = ["VITRINE_LOGS_URL", "VITRINE_LOGS_KEY"].map((name) => variables.get(name)?.trim() ?? "");
  if (url === "" && key === "") return undefined;
  if (!isSafe(url)) throw new Misconfigured("VITRINE_LOGS_URL is no https address");
  if (!KEY.test(key)) throw new Misconfigured("VITRINE_LOGS_KEY is not one key of at least 32 characters");
  const instance = { execution_id: variables.get("SB_EXECUTION_ID"), region: variables.get("SB_REGION") };
  return new Sender(url, key, instance);
}

function isSafe(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  const encrypted = protocol === "https:" || (protocol === "http:" && LOOPBACK.includes(hostname));
  return encrypted && username === "" && password === "";
}

/** Posts lines to one address. Its methods never throw, and wait for nothing. */
export class Sender {
  readonly #headers: Record<string, string>;
  #underWay = 0;
  #unsent: Record<string, number> = {};

  /** `instance` describes the running function, as Supabase's own log does. */
  constructor(
    private readonly url: string,
    key: string,
    private readonly instance: Readonly<Record<string, string | undefined>> = {},
  ) {
    this.#headers = { "content-type": "application/json", "x-vitrine-logs-key": key };
  }

  /** Returns what was not taken since the last call, for the next line to say; undefined for nothing. */
  unsent(): Unsent | undefined {
    const counts = this.#unsent;
    this.#unsent = {};
    return Object.keys(counts).length === 0 ? undefined : counts;
  }

  /** Posts a line of the time `at`, which says `counts`; if it is not taken, they are to be said again. */
  post(line: string, at: Date, level: string, counts: Unsent = {}): void {
    if (this.#underWay >= MOST_UNDER_WAY) {
      this.#count({ ...counts, unsent_busy: (counts.unsent_busy ?? 0) + 1 });
      return;
    }
    this.#underWay++;
    const event = {
      id: crypto.randomUUID(),
      timestamp: at.getTime() * 1000, // microseconds, as in Supabase's logs
      source: "function_logs",
      event_message: line,
      metadata: { event_type: "Log", level: level.toLowerCase(), ...this.instance },
    };
    const posted = this.#failure(JSON.stringify(event)).then((reason) => {
      this.#underWay--;
      if (reason !== null) this.#count({ ...counts, [reason]: (counts[reason] ?? 0) + 1 });
    });
    // An instance that has answered may end, unless it is told what still runs.
    (globalThis as Runtime).EdgeRuntime?.waitUntil?.(posted);
  }

  #count(counts: Unsent): void {
    for (const [reason, count] of Object.entries(counts)) {
      this.#unsent[reason] = (this.#unsent[reason] ?? 0) + count;
    }
  }

  /** Posts an event, and returns why it was not taken; null if it was. */
  async #failure(event: string): Promise<string | null> {
    try {
      await new Promise((resolve) => setTimeout(resolve)); // the response goes first
      const answer = await fetch(this.url, {
        method: "POST",
        headers: this.#headers,
        body: event,
        redirect: "manual", // the key is for this address alone
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      // The connection serves the next line once the answer is read.
      await answer.body?.pipeTo(new WritableStream()).catch(() => {});
      return answer.ok ? null : (REFUSALS.get(answer.status) ?? "unsent_refused");
    } catch (error) {
      return (error as Error).name === "TimeoutError" ? "unsent_late" : "unsent_away";
    }
  }
}

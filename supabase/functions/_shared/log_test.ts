import { type Ended, log, type Writer, writer } from "./log.ts";
import type { Span } from "./trace.ts";

const KEY = "k".repeat(32);
const SPAN: Span = { trace: "4bf92f3577b34da6a3ce929d0e0e4736", id: "00f067aa0ba902b7", parent: null, sampled: true };
const ENDED: Ended = { level: "INFO", message: "event taken", outcome: "done", status: 200 };
type Line = Record<string, unknown> & { counts?: Record<string, number> };

function equal(found: unknown, due: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(due)) {
    throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(due)}`);
  }
}

/** What a function under Supabase's runtime has: a console, tasks that outlive the response, and a clock, here faster. */
class Running {
  readonly console: string[] = [];
  readonly timeouts: number[] = [];
  readonly #tasks: Promise<unknown>[] = [];

  static async with(run: (running: Running) => Promise<void>): Promise<void> {
    const running = new Running();
    const [write, timeout] = [console.log, AbortSignal.timeout];
    console.log = (line: string) => running.console.push(line);
    AbortSignal.timeout = (ms) => {
      running.timeouts.push(ms);
      return timeout(ms / 20);
    };
    Object.assign(globalThis, { EdgeRuntime: { waitUntil: (task: Promise<unknown>) => running.#tasks.push(task) } });
    try {
      await run(running);
      await running.ended();
    } finally {
      console.log = write;
      AbortSignal.timeout = timeout;
      Reflect.deleteProperty(globalThis, "EdgeRuntime");
    }
  }

  get lines(): Line[] {
    return this.console.map((each) => JSON.parse(each));
  }

  /** Waits until every task has ended; one that rejects would end the instance. */
  async ended(): Promise<number> {
    const found = this.#tasks.splice(0);
    await Promise.all(found);
    return found.length;
  }
}

/** Vitrine's receiver, which answers each post by `answer`. */
class Receiver {
  readonly posts: [Headers, Record<string, unknown>][] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(answer: () => Response | Promise<Response> = () => new Response("{}", { status: 202 })) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      this.posts.push([request.headers, await request.json()]);
      return await answer();
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/hooks/logs`;
  }

  get lines(): Line[] {
    return this.posts.map(([, event]) => JSON.parse(event.event_message as string));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function sending(url: string, more: Record<string, string> = {}): Writer {
  const variables = { VITRINE_LOGS_URL: url, VITRINE_LOGS_KEY: KEY, VITRINE_ENVIRONMENT: "test", ...more };
  return writer("report-ready", new Map(Object.entries(variables)));
}

/** A server that takes connections and nothing else; its address. */
function silent(): Deno.TcpListener {
  return Deno.listen({ hostname: "127.0.0.1", port: 0 });
}

function address(listener: Deno.TcpListener): string {
  return `http://127.0.0.1:${listener.addr.port}/hooks/logs`;
}

Deno.test("without an address a line goes to the console alone", () =>
  Running.with(async (running) => {
    log(writer("report-ready", new Map()), SPAN, 0, ENDED);
    const { service, environment, trace, status } = running.lines[0];
    equal([service, environment, trace, status], ["report-ready", "none", SPAN.trace, 200]);
    equal([running.console.length, await running.ended()], [1, 0]);
  }));

Deno.test("a line is sent as Supabase's own log has it", () =>
  Running.with(async (running) => {
    await using receiver = new Receiver();
    log(sending(receiver.url, { SB_REGION: "ca-central-1" }), SPAN, 0, { ...ENDED, level: "WARNING" });
    equal(await running.ended(), 1);
    const [headers, { id, timestamp, ...event }] = receiver.posts[0];
    equal([headers.get("x-vitrine-logs-key"), headers.get("content-type")], [KEY, "application/json"]);
    equal(event, {
      source: "function_logs",
      event_message: running.console[0],
      metadata: { event_type: "Log", level: "warning", region: "ca-central-1" },
    });
    equal(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id as string), true);
    equal(timestamp, Date.parse(running.lines[0].time as string) * 1000);
    // The receiver's own lines belong to no trace of a report.
    equal(headers.get("traceparent"), null);
  }));

Deno.test("the response does not wait for the receiver", () =>
  Running.with(async (running) => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await using receiver = new Receiver(() => released.then(() => new Response(null, { status: 202 })));
    const by = sending(receiver.url);
    const served = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
      log(by, SPAN, performance.now(), ENDED);
      return new Response("answered");
    });
    const answer = await fetch(`http://127.0.0.1:${served.addr.port}`);
    equal(await answer.text(), "answered");
    release();
    await served.shutdown();
    equal([await running.ended(), receiver.posts.length], [1, 1]);
  }));

for (
  const [name, answer, reason] of [
    ["refuses it", () => new Response("no", { status: 401 }), "unsent_unauthenticated"],
    ["is overloaded", () => new Response("no", { status: 429 }), "unsent_throttled"],
    ["sends it elsewhere", () => Response.redirect("http://127.0.0.1:1/", 307), "unsent_refused"],
  ] as const
) {
  Deno.test(`a receiver that ${name} is told by the next line`, () =>
    Running.with(async (running) => {
      await using receiver = new Receiver(answer);
      const by = sending(receiver.url);
      log(by, SPAN, 0, ENDED);
      await running.ended();
      log(by, SPAN, 0, ENDED);
      await running.ended();
      log(by, SPAN, 0, ENDED);
      await running.ended();
      // Until one is taken, each line says all that was not.
      equal(running.lines.map(({ counts }) => counts), [undefined, { [reason]: 1 }, { [reason]: 2 }]);
      equal(receiver.posts.length, 3);
    }));
}

Deno.test("a receiver that is away costs the line alone", () =>
  Running.with(async (running) => {
    const listener = silent();
    const url = address(listener);
    listener.close();
    const by = sending(url);
    log(by, SPAN, 0, ENDED);
    await running.ended();
    log(by, SPAN, 0, ENDED);
    equal(running.lines[1].counts, { unsent_away: 1 });
  }));

Deno.test("a receiver that never answers is left after two seconds", () =>
  Running.with(async (running) => {
    const listener = silent();
    try {
      const by = sending(address(listener));
      // More than may be under way: the others are not kept.
      for (let each = 0; each < 100; each++) log(by, SPAN, 0, ENDED);
      equal([await running.ended(), running.timeouts], [20, Array(20).fill(2000)]);
      equal(by.sender?.unsent(), { unsent_busy: 80, unsent_late: 20 });
      equal(running.console.length, 100);
    } finally {
      listener.close();
    }
  }));

Deno.test("an answer without an end is taken, and ends after two seconds", () =>
  Running.with(async (running) => {
    const endless = () => new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(8)) }));
    await using receiver = new Receiver(endless);
    const by = sending(receiver.url);
    log(by, SPAN, 0, ENDED);
    equal([await running.ended(), by.sender?.unsent()], [1, undefined]);
  }));

Deno.test("of a hundred lines at once, each is sent or counted", () =>
  Running.with(async (running) => {
    await using receiver = new Receiver();
    const by = sending(receiver.url);
    for (let each = 0; each < 100; each++) log(by, SPAN, 0, ENDED);
    await running.ended();
    log(by, SPAN, 0, ENDED);
    await running.ended();
    equal([running.console.length, receiver.posts.length], [101, 21]);
    equal([receiver.lines[20].counts, by.sender?.unsent()], [{ unsent_busy: 80 }, undefined]);
  }));

for (
  const [name, changed, told] of [
    ["is not encrypted", { VITRINE_LOGS_URL: "http://api.vitrine.test/hooks/logs" }, "URL"],
    ["is a fragment", { VITRINE_LOGS_URL: "api.vitrine.test" }, "URL"],
    ["holds a password", { VITRINE_LOGS_URL: `https://u:${KEY}@api.vitrine.test/hooks/logs` }, "URL"],
    ["is missing", { VITRINE_LOGS_URL: "" }, "URL"],
    ["has a short key", { VITRINE_LOGS_KEY: "short" }, "KEY"],
    ["has two keys", { VITRINE_LOGS_KEY: `${KEY} ${KEY}` }, "KEY"],
    ["has no key", { VITRINE_LOGS_KEY: " " }, "KEY"],
  ] as const
) {
  Deno.test(`an address that ${name} is named once`, () =>
    Running.with(async (running) => {
      const by = sending("https://api.vitrine.test/hooks/logs", changed);
      for (let each = 0; each < 3; each++) log(by, SPAN, 0, ENDED);
      const { level, message, reason } = running.lines[0];
      equal([level, message, String(reason).startsWith(`VITRINE_LOGS_${told} is `)], [
        "WARNING",
        "lines are not sent",
        true,
      ]);
      equal([running.console.length, running.console[0].includes(KEY), await running.ended()], [4, false, 0]);
    }));
}

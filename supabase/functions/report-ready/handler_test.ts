import { Webhook } from "standardwebhooks";
import type { ReportEvent } from "./event.ts";
import { handler } from "./handler.ts";

const BY = { service: "report-ready", environment: "test", version: "1" };
const OLD_KEY = "whsec_b2xkLWtleS1vbGQta2V5LW9sZC1rZXktb2xkLWtleQ==";
const NEW_KEY = "whsec_bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleQ==";
const OTHER_KEY = "whsec_b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktMDA=";
const EVENT = {
  type: "report.succeeded",
  timestamp: "2026-11-25T10:00:00Z",
  data: {
    owner: "6f0b1e52-5c0e-4c57-9d6c-2b1f6b1f0a01",
    analysis: "6f0b1e52-5c0e-4c57-9d6c-2b1f6b1f0a02",
    report: { id: "01JDJ5V8T0000000000000000A", status: "succeeded" },
  },
};

function equal(found: unknown, due: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(due)) {
    throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(due)}`);
  }
}

function signed(body: string, keys = [NEW_KEY], at = new Date()): Record<string, string> {
  const id = "msg_01JDJ5V8T0000000000000000A";
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": keys.map((key) => new Webhook(key).sign(id, at, body)).join(" "),
  };
}

async function deliver(
  body: string,
  headers: Record<string, string>,
  apply: (event: ReportEvent) => Promise<boolean> = () => Promise.resolve(true),
  secret = `${OLD_KEY} ${NEW_KEY}`,
): Promise<number> {
  const request = new Request("http://localhost/report-ready", { method: "POST", headers, body });
  return (await handler(secret, apply, BY)(request)).status;
}

const BODY = JSON.stringify(EVENT);
const never = () => {
  throw new Error("was applied");
};

Deno.test("a signed event is applied as it says", async () => {
  const applied: ReportEvent[] = [];
  const status = await deliver(BODY, signed(BODY), (event) => Promise.resolve(applied.push(event) > 0));
  equal(status, 200);
  equal(applied[0], {
    owner: EVENT.data.owner,
    analysis: EVENT.data.analysis,
    report: EVENT.data.report,
    at: EVENT.timestamp,
    kind: "ended",
    succeeded: true,
  });
});

Deno.test("an erasure holds the report's id alone", async () => {
  const applied: ReportEvent[] = [];
  const { owner, analysis, report } = EVENT.data;
  const body = JSON.stringify({ ...EVENT, type: "report.erased", data: { owner, analysis, report: { id: report.id } } });
  equal(await deliver(body, signed(body), (event) => Promise.resolve(applied.push(event) > 0)), 200);
  equal(applied[0], { owner, analysis, report: { id: report.id }, at: EVENT.timestamp, kind: "erased" });
});

for (const [name, keys] of [["the old", [OLD_KEY]], ["the new", [NEW_KEY]], ["both", [OLD_KEY, NEW_KEY]]] as const) {
  Deno.test(`while keys rotate, a signature by ${name} holds`, async () => {
    equal(await deliver(BODY, signed(BODY, [...keys])), 200);
  });
}

Deno.test("a signature by a third key is refused", async () => {
  equal(await deliver(BODY, signed(BODY, [OTHER_KEY]), never), 401);
});

Deno.test("an altered byte is refused", async () => {
  equal(await deliver(BODY.replace("succeeded", "succeedee"), signed(BODY), never), 401);
});

for (const minutes of [-6, 6]) {
  Deno.test(`a timestamp ${minutes} minutes away is refused`, async () => {
    equal(await deliver(BODY, signed(BODY, [NEW_KEY], new Date(Date.now() + minutes * 60_000)), never), 401);
  });
}

for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
  Deno.test(`without ${name} an event is refused`, async () => {
    const { [name]: _, ...rest } = signed(BODY);
    equal(await deliver(BODY, rest, never), 401);
  });
}

for (
  const body of [
    "null",
    "[]",
    '{"type": "report.succeeded"}',
    BODY.replace(EVENT.data.owner, "root"),
    BODY.replace("report.succeeded", "report.gone"),
    BODY.replace(EVENT.timestamp, "today"),
  ]
) {
  Deno.test(`signed, but no event of a report: ${body.slice(0, 40)}`, async () => {
    equal(await deliver(body, signed(body), never), 400);
  });
}

Deno.test("an event that cannot be applied now is asked for again", async () => {
  equal(await deliver(BODY, signed(BODY), () => Promise.reject(new Error("no connection"))), 503);
});

Deno.test("a repeated event ends its delivery", async () => {
  equal(await deliver(BODY, signed(BODY), () => Promise.resolve(false)), 200);
});

Deno.test("another method is not taken", async () => {
  equal((await handler(NEW_KEY, never, BY)(new Request("http://localhost/report-ready"))).status, 405);
});

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

for (
  const [name, keys, applies, outcome, status] of [
    ["taken", [NEW_KEY], true, "done", 200],
    ["refused", [OTHER_KEY], true, "refused", 401],
    ["not applied", [NEW_KEY], false, "failed", 503],
  ] as const
) {
  Deno.test(`an event that is ${name} is one line in its sender's trace`, async () => {
    const lines: string[] = [];
    const write = console.log;
    console.log = (line: string) => lines.push(line);
    try {
      const headers = { ...signed(BODY, [...keys]), traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
      await deliver(BODY, headers, applies ? undefined : () => Promise.reject(new Error("of the database")));
    } finally {
      console.log = write;
    }
    const [line] = lines.map((each) => JSON.parse(each));
    equal(lines.length, 1);
    equal([line.trace, line.parent, line.outcome, line.status], [TRACE, "00f067aa0ba902b7", outcome, status]);
    equal([line.service, line.environment, typeof line.duration_ms], ["report-ready", "test", "number"]);
    equal(lines[0].includes("of the database") || lines[0].includes(EVENT.data.owner), false);
  });
}

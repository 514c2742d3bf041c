import { continued, traceparent } from "./trace.ts";

// The examples of W3C Trace Context.
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";

function span(header: string | null) {
  return continued(new Headers(header === null ? {} : { traceparent: header }));
}

function equal(found: unknown, due: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(due)) {
    throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(due)}`);
  }
}

for (const [flags, sent] of [["00", "00"], ["01", "01"], ["ff", "01"], ["02", "00"]]) {
  Deno.test(`a trace with flags ${flags} is continued`, () => {
    const found = span(`00-${TRACE}-${PARENT}-${flags}`);
    equal([found.trace, found.parent], [TRACE, PARENT]);
    equal(traceparent(found), `00-${TRACE}-${found.id}-${sent}`);
  });
}

Deno.test("a later version is continued", () => {
  equal(span(`01-${TRACE}-${PARENT}-01-more`).trace, TRACE);
});

for (
  const header of [
    null,
    "",
    `ff-${TRACE}-${PARENT}-01`,
    `00-${"0".repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01-more`,
    `00-${TRACE}-${PARENT}-1`,
    `00-${TRACE.slice(1)}-${PARENT}-01`,
    `01-${TRACE}-${PARENT}-01more`,
  ]
) {
  Deno.test(`a trace begins for ${header}`, () => {
    const found = span(header);
    equal([found.parent, found.sampled, found.trace !== TRACE], [null, true, true]);
    equal(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/.test(traceparent(found)), true);
  });
}

Deno.test("several headers begin a trace", () => {
  const headers = new Headers();
  for (let each = 0; each < 2; each++) headers.append("traceparent", `00-${TRACE}-${PARENT}-01`);
  equal(continued(headers).parent, null);
});

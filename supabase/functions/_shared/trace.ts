// W3C Trace Context: the span of this request, in the trace of its caller or in a new one.

/** A hop of a trace: 32 and 16 hexadecimal digits; `parent` is null where the trace begins. */
export interface Span {
  readonly trace: string;
  readonly id: string;
  readonly parent: string | null;
  readonly sampled: boolean;
}

const HEADER = "traceparent";
// Versions after 00 may continue after another dash; what they add is not read.
const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Returns a span of the trace that the headers name; the first one of a new trace if they name none validly. */
export function continued(headers: Headers): Span {
  // Several headers of one name are joined by commas: such a value is invalid.
  const [, version, trace, parent, flags, rest] = FORM.exec(headers.get(HEADER) ?? "") ?? [];
  const valid = trace !== undefined && version !== "ff" && !(version === "00" && rest !== undefined) &&
    !/^0+$/.test(trace) && !/^0+$/.test(parent);
  return valid
    ? { trace, id: randomHex(8), parent, sampled: (parseInt(flags, 16) & 1) === 1 }
    : { trace: randomHex(16), id: randomHex(8), parent: null, sampled: true };
}

/** Returns the value of the header by which the next hop continues the trace. */
export function traceparent(span: Span): string {
  return `00-${span.trace}-${span.id}-${span.sampled ? "01" : "00"}`;
}

function randomHex(octets: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(octets));
  bytes[0] |= 1; // an id of zeros alone is invalid
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

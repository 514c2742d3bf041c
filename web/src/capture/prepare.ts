/** Brings a chosen photo into the form in which it is sent. */
import type { PhotoBytes } from "./desk.ts";
import { type Fault, MOST_BYTES } from "./draft.ts";
import type { Done, Order } from "./shrink-worker.ts";

/** Longer than the slowest phone needs for the largest photo. */
const LONGEST_SHRINK_MS = 30_000;
const HEAD_BYTES = 256;

export type Shrink = (photo: Blob) => Promise<Blob | null>;

/** Return the shrunk photo; as it is, if the browser cannot decode it but the service may; or what is wrong. */
export async function prepare({ type, bytes }: PhotoBytes, shrink: Shrink): Promise<PhotoBytes | Fault> {
  const jpeg = await shrink(new Blob([bytes], { type }));
  if (jpeg !== null) return { type: "image/jpeg", bytes: await jpeg.arrayBuffer() };
  const format = formatOf(new Uint8Array(bytes, 0, Math.min(bytes.byteLength, HEAD_BYTES)));
  if (format === null) return "not_a_photo";
  return bytes.byteLength > MOST_BYTES ? "too_large" : { type: format, bytes };
}

/** Return the media type of a format that the service reads, by a file's first bytes; null: another. */
export function formatOf(head: Uint8Array): string | null {
  const text = String.fromCharCode(...head.subarray(0, HEAD_BYTES));
  if (text.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (text.startsWith("\x89PNG\r\n")) return "image/png";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "image/webp";
  // The first box lists brands of four letters; AVIF begins with the same box.
  const brands = text.slice(8, text.length < 4 ? 0 : new DataView(head.buffer, head.byteOffset).getUint32(0));
  if (text.slice(4, 8) === "ftyp" && /^(.{4})*?(hei[cxms]|hev[cx])/s.test(brands)) return "image/heic";
  return null;
}

/** Return a function that shrinks in a worker, which it starts at the first photo. */
export function workerShrink(): Shrink {
  let worker: Worker | null = null;
  let count = 0;
  const waiting = new Map<number, (jpeg: Blob | null) => void>();
  const give = (number: number, jpeg: Blob | null) => {
    waiting.get(number)?.(jpeg);
    waiting.delete(number);
  };
  const end = () => {
    worker?.terminate();
    worker = null;
    // They go as they are; the service shrinks them too.
    for (const number of [...waiting.keys()]) give(number, null);
  };
  return (photo) =>
    new Promise((resolve) => {
      if (worker === null) {
        worker = new Worker(new URL("./shrink-worker.ts", import.meta.url), { type: "module" });
        worker.addEventListener("message", ({ data }: MessageEvent<Done>) => give(data.number, data.jpeg));
        worker.addEventListener("error", end);
      }
      const number = ++count;
      const timer = setTimeout(end, LONGEST_SHRINK_MS * (waiting.size + 1));
      waiting.set(number, (jpeg) => {
        clearTimeout(timer);
        resolve(jpeg);
      });
      worker.postMessage({ number, photo } satisfies Order);
    });
}

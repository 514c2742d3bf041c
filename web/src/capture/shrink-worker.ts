/** Shrinks the photos that it is sent, one after another, off the thread that the person sees. */
import { shrink } from "./shrink.ts";

export interface Order {
  readonly number: number;
  readonly photo: Blob;
}

export interface Done {
  readonly number: number;
  readonly jpeg: Blob | null;
}

let last: Promise<unknown> = Promise.resolve();

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  // A decoded photo takes up to 200 MB: never two at once.
  last = last.then(async () => postMessage({ number: data.number, jpeg: await shrink(data.photo) } satisfies Done));
});

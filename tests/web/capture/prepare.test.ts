import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { MOST_BYTES } from "../../../web/src/capture/draft.ts";
import { formatOf, prepare } from "../../../web/src/capture/prepare.ts";

const HEIC = new URL("../../../benchmarks/data/heic/", import.meta.url);
const undecodable = async () => null;

function file(head: string, length = head.length): ArrayBuffer {
  const bytes = new Uint8Array(length);
  bytes.set([...head].map((letter) => letter.charCodeAt(0)));
  return bytes.buffer;
}

test("decodable photo becomes a JPEG", async () => {
  const jpeg = new Blob(["small"], { type: "image/jpeg" });
  const made = await prepare({ type: "image/gif", bytes: file("GIF89a") }, async () => jpeg);
  assert.deepEqual(made, { type: "image/jpeg", bytes: await jpeg.arrayBuffer() });
});

test("undecodable HEIC goes as it is", async () => {
  for (const name of readdirSync(HEIC)) {
    const content = new Uint8Array(readFileSync(new URL(name, HEIC)));
    const made = await prepare({ type: "", bytes: content.buffer }, undecodable);
    assert.deepEqual(made, { type: "image/heic", bytes: content.buffer }, name);
  }
});

test("other files are refused", async () => {
  const avif = "\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf";
  // A brand after the first box is none.
  const late = "\0\0\0\x10ftypmp42\0\0\0\0heic";
  for (const head of ["%PDF-1.7", "", "\xff", "BM", "RIFF1234WAVE", avif, late, "\0\0\0\x18ftypqt  \0\0\0\0qt  "]) {
    assert.equal(await prepare({ type: "image/jpeg", bytes: file(head) }, undecodable), "not_a_photo", head);
  }
});

test("photos over the upload limit are refused", async () => {
  const heic = "\0\0\0\x18ftypmif1\0\0\0\0mif1heic";
  const at = (length: number) => prepare({ type: "", bytes: file(heic, length) }, undecodable);
  assert.equal(await at(MOST_BYTES + 1), "too_large");
  assert.equal(((await at(MOST_BYTES)) as { type: string }).type, "image/heic");
});

test("formats are known by content", () => {
  const heads = [
    ["image/jpeg", "\xff\xd8\xff\xe0"],
    ["image/png", "\x89PNG\r\n\x1a\n"],
    ["image/webp", "RIFF1234WEBPVP8 "],
  ] as const;
  for (const [type, head] of heads) assert.equal(formatOf(new Uint8Array(file(head))), type);
});

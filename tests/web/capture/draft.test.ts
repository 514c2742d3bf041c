import assert from "node:assert/strict";
import { test } from "node:test";

import { Desk } from "../../../web/src/capture/desk.ts";
import {
  type Draft,
  type DraftPhoto,
  isReady,
  MOST_PHOTOS,
  withoutPhoto,
  withPhotoAt,
  withPhotos,
} from "../../../web/src/capture/draft.ts";
import { NO_COMPLAINT } from "../../../web/src/capture/complaint.ts";
import { PageRecords } from "../../../web/src/capture/records.ts";

function photo(id: string): DraftPhoto {
  return { id, type: "image/jpeg", bytes: 1, prepared: true, fault: null };
}

function draft(...ids: readonly string[]): Draft {
  return { id: "D", owner: "u", languages: ["en"], photos: ids.map(photo) };
}

const ids = (of: Draft) => of.photos.map(({ id }) => id).join("");

test("photo moves to any place", () => {
  for (const [to, order] of [[0, "cab"], [1, "acb"], [2, "abc"], [-3, "cab"], [9, "abc"]] as const) {
    assert.equal(ids(withPhotoAt(draft("a", "b", "c"), "c", to)), order);
  }
  assert.equal(ids(withPhotoAt(draft("a", "b"), "gone", 0)), "ab");
});

test("ninth photo is left out", () => {
  const many = [..."abcdefghij"].map(photo);
  const { draft: full, leftOut } = withPhotos(draft("x"), many);
  assert.deepEqual([full.photos.length, leftOut], [MOST_PHOTOS, 3]);
  assert.equal(withPhotos(full, [photo("y")]).leftOut, 1);
});

test("draft with a fault is not ready", () => {
  assert.equal(isReady(draft("a")), true);
  assert.equal(isReady(draft()), false);
  assert.equal(isReady({ ...draft("a"), photos: [{ ...photo("a"), fault: NO_COMPLAINT }] }), false);
  assert.equal(isReady({ ...draft("a"), photos: [{ ...photo("a"), prepared: false }] }), false);
});

test("tabs change one draft", async () => {
  const desk = new Desk("u", new PageRecords());
  const [one, other] = [await desk.draft(["en"]), await desk.draft(["fr"])];
  const bytes = { type: "image/jpeg", bytes: new ArrayBuffer(3) };
  await desk.changeDraft(one, (kept) => withPhotos(kept, [photo("a")]).draft, { a: bytes });
  const both = await desk.changeDraft(other, (kept) => withPhotos(kept, [photo("b")]).draft, { b: bytes });
  assert.equal(ids(both), "ab");
  await desk.changeDraft(both, (kept) => withoutPhoto(kept, "a"));
  assert.equal(await desk.photo("a"), undefined);
  assert.deepEqual(await desk.photo("b"), bytes);
  // What is prepared after its photo was removed is not kept.
  await desk.changeDraft(both, (kept) => kept, { a: bytes });
  assert.equal(await desk.photo("a"), undefined);
});

test("persons see their own photos", async () => {
  const records = new PageRecords();
  for (const owner of ["u", "u/2", "u%2F2"]) {
    const desk = new Desk(owner, records);
    await desk.changeDraft(await desk.draft(["en"]), (kept) => withPhotos(kept, [photo(owner)]).draft);
    await desk.submit((await desk.draft(["en"])).id, 1);
    assert.deepEqual((await desk.submissions()).map(({ photos }) => photos[0]?.id), [owner]);
  }
});

test("refused photos become a draft", async () => {
  const desk = new Desk("u", new PageRecords());
  await desk.changeDraft(await desk.draft(["fr"]), (kept) => withPhotos(kept, [photo("a"), photo("b")]).draft);
  const sent = await desk.submit((await desk.draft([])).id, 1);
  assert.ok(sent);
  const complaint = { ...NO_COMPLAINT, status: 415, detail: "is not a photo", field: "images[1]" };
  await desk.note(sent.id, { type: "complaint", at: 1, of: "send", complaint, photo: null, maybeSince: null });
  const begun = await desk.changeDraft(await desk.draft([]), (kept) => withPhotos(kept, [photo("c")]).draft);
  assert.equal(await desk.change(sent.id), false);
  await desk.changeDraft(begun, (kept) => withoutPhoto(kept, "c"));
  assert.equal(await desk.change(sent.id), true);
  const again = await desk.draft([]);
  const faults = again.photos.map(({ id, fault }) => [id, fault?.detail]);
  assert.deepEqual(faults, [["a", undefined], ["b", "is not a photo"]]);
  assert.notEqual(again.id, sent.id);
  assert.deepEqual([again.languages, await desk.submission(sent.id)], [["fr"], null]);
});

test("sent draft is not sent twice", async () => {
  const desk = new Desk("u", new PageRecords());
  const shown = await desk.changeDraft(await desk.draft(["en"]), (kept) => withPhotos(kept, [photo("a")]).draft);
  assert.ok(await desk.submit(shown.id, 1));
  // Another tab still shows it, and the next thing is being photographed.
  await desk.changeDraft(shown, (kept) => withPhotos(kept, [photo("b")]).draft);
  assert.equal(await desk.submit(shown.id, 2), null);
  assert.equal((await desk.submissions()).length, 1);
  assert.equal(ids(await desk.draft([])), "b");
});

test("accepted photos stay sent", async () => {
  const desk = new Desk("u", new PageRecords());
  const shown = await desk.changeDraft(await desk.draft(["en"]), (kept) => withPhotos(kept, [photo("a")]).draft);
  await desk.submit(shown.id, 1);
  await desk.note(shown.id, { type: "sending", at: 1 });
  assert.equal(await desk.change(shown.id), false);
  assert.equal((await desk.submissions()).length, 1);
});

test("a cleared desk keeps nothing of its person, all of another's", async () => {
  const records = new PageRecords();
  let made = 0;
  const desk = async (owner: string) => {
    const of = new Desk(owner, records, () => `${owner}${++made}`);
    for (const id of [`${owner}-sent`, `${owner}-chosen`]) {
      const begun = await of.draft(["en"]);
      await of.changeDraft(begun, () => ({ ...begun, photos: [photo(id)] }), { [id]: { type: "", bytes: new ArrayBuffer(1) } });
      if (id.endsWith("sent")) await of.submit(begun.id, 0);
    }
    return of;
  };
  const one = await desk("one");
  const other = await desk("other");
  await one.clear();
  assert.deepEqual([await one.submissions(), (await one.draft(["en"])).photos], [[], []]);
  assert.deepEqual([await one.photo("one-sent"), await one.photo("one-chosen")], [undefined, undefined]);
  assert.equal((await other.submissions()).length, 1);
  assert.equal((await records.all("")).length, 4);
});

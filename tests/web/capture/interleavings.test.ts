/** Any order of requests, losses, crashes and presses in two tabs makes at most one report of a submission. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Desk } from "../../../web/src/capture/desk.ts";
import { PageRecords } from "../../../web/src/capture/records.ts";
import { type Event, nextStep, type Submission } from "../../../web/src/capture/submission.ts";
import { complaint, DAY_MS, Service } from "./service.ts";

const RUNS = 600;
const ACTIONS = 80;
/** The longest that a request can be on its way. */
const TRANSIT_MS = 120_000;
const LARGE = 6_000_000;

/** Return numbers in [0, 1) that `seed` determines (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Flight {
  readonly tab: number;
  readonly begun: number;
  readonly of: "upload" | "send" | "read";
  /** Reaches the service, which answers by an event. */
  readonly arrive: () => Event;
  answer: Event | null;
  arrived: boolean;
}

class World {
  now = 1_000_000;
  readonly service = new Service();
  readonly desk: Desk;
  readonly pick: <T>(of: readonly T[]) => T;
  flights: Flight[] = [];
  /** The person said that a request which may have made a report made none. */
  resentUnsure = 0;
  readonly id = "S";
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = random(seed);
    this.pick = (of) => of[Math.floor(this.#next() * of.length)]!;
    this.desk = new Desk("a@example.com", new PageRecords(), () => this.id);
  }

  async begin(bytes: number): Promise<void> {
    const draft = await this.desk.draft(["en"]);
    const photo = { type: "image/jpeg", bytes, prepared: true, fault: null };
    const photos = ["p1", "p2"].map((id) => ({ id, ...photo }));
    await this.desk.changeDraft(draft, (kept) => ({ ...kept, photos }));
    // Two tabs send the same draft.
    const sent = await Promise.all([this.desk.submit(this.id, this.now), this.desk.submit(this.id, this.now)]);
    assert.equal(sent.filter((each) => each !== null).length, 1);
  }

  async submission(): Promise<Submission> {
    return (await this.desk.submission(this.id))!;
  }

  async start(tab: number): Promise<void> {
    if (this.flights.some((flight) => flight.tab === tab)) return;
    const submission = await this.submission();
    const step = nextStep(submission, this.now);
    const common = { tab, begun: this.now, answer: null, arrived: false };
    const { service } = this;
    if (step.do === "forget") await this.desk.note(this.id, { type: "forgotten" });
    if (step.do === "upload") {
      const arrive = (): Event =>
        service.trouble === null
          ? { type: "uploaded", photo: step.photo.id, upload: service.upload() }
          : this.#complaint("upload", service.trouble, null);
      this.flights.push({ ...common, of: "upload", arrive });
    }
    if (step.do === "send") {
      const { maybeSince, photos, byUpload } = submission;
      await this.desk.note(this.id, { type: "sending", at: this.now });
      const uploads = byUpload ? photos.map(({ upload }) => upload!) : [];
      const ids = photos.map(({ id }) => id);
      const arrive = () => this.#event("send", service.post(this.id, ids, uploads, this.now), maybeSince);
      this.flights.push({ ...common, of: "send", arrive });
    }
    if (step.do === "read") {
      const arrive = () => this.#event("read", service.read(submission.report!), null);
      this.flights.push({ ...common, of: "read", arrive });
    }
  }

  arrive(): void {
    const flight = this.pick(this.flights.filter((each) => !each.arrived && this.now - each.begun < TRANSIT_MS));
    if (flight === undefined) return;
    flight.arrived = true;
    flight.answer = flight.arrive();
  }

  async land(): Promise<void> {
    const flight = this.pick(this.flights.filter(({ answer, tab }) => answer !== null && tab >= 0));
    if (flight === undefined) return;
    this.flights = this.flights.filter((each) => each !== flight);
    await this.desk.note(this.id, flight.answer!);
  }

  async lose(): Promise<void> {
    const flight = this.pick(this.flights.filter(({ tab }) => tab >= 0));
    if (flight === undefined) return;
    this.#abandon(flight);
    const { of, begun } = flight;
    await this.desk.note(this.id, { type: "no_answer", at: this.now, of, begun });
  }

  crash(tab: number): void {
    for (const flight of this.flights.filter((each) => each.tab === tab)) this.#abandon(flight);
  }

  async again(): Promise<void> {
    if ((await this.submission()).stop?.kind === "unsure") this.resentUnsure++;
    await this.desk.note(this.id, { type: "again" });
  }

  progress(status: "running" | "succeeded" | "failed" | "erased"): void {
    const report = this.pick(this.service.reports);
    if (report !== undefined) this.service.end(report.id, status);
  }

  /** Let everything work, with one tab, until nothing more is to be done. */
  async settle(): Promise<void> {
    this.service.trouble = null;
    this.service.quota = Number.POSITIVE_INFINITY;
    this.service.isRefusing = false;
    this.crash(0);
    this.crash(1);
    for (let turn = 0; turn < 60; turn++) {
      while (this.flights.some(({ arrived, begun }) => !arrived && this.now - begun < TRANSIT_MS)) this.arrive();
      for (const { id, status } of this.service.reports) if (status !== "failed") this.service.end(id, "succeeded");
      if (nextStep(await this.submission(), this.now).do === "nothing") return;
      await this.start(0);
      this.arrive();
      await this.land();
      this.now = Math.max(this.now + 1000, (await this.submission()).notBefore);
    }
    assert.fail("the submission does not settle");
  }

  /** The request stays on its way without a tab that hears its answer. */
  #abandon(flight: Flight): void {
    this.flights = this.flights.filter((each) => each !== flight);
    if (!flight.arrived) this.flights.push({ ...flight, tab: -1 });
  }

  #event(of: "send" | "read", answer: ReturnType<Service["read"]>, maybeSince: number | null): Event {
    if ("complaint" in answer) return this.#complaint(of, answer.complaint, maybeSince);
    return { type: "answered", at: this.now, ...answer };
  }

  #complaint(of: Flight["of"], said: ReturnType<typeof complaint>, maybeSince: number | null): Event {
    return { type: "complaint", at: this.now, of, complaint: said, photo: null, maybeSince };
  }
}

async function run(seed: number, tabs: readonly number[]): Promise<World> {
  const world = new World(seed);
  await world.begin(world.pick([1000, LARGE]));
  const troubles = [
    ...[500, 502, 503, 401, 403, 404, 429].map((status) => complaint(status)),
    complaint(503, { detail: "storage unavailable", retryAfter: 5 }),
    complaint(409, { detail: "still being made", retryAfter: 2 }),
    complaint(413),
    null,
  ];
  const actions: readonly (() => unknown)[] = [
    ...[0, 1, 2, 3, 4, 5].map(() => () => world.start(world.pick(tabs))),
    ...[0, 1, 2, 3, 4].map(() => () => world.arrive()),
    ...[0, 1, 2].map(() => () => world.land()),
    ...[0, 1].map(() => () => world.lose()),
    () => world.crash(world.pick(tabs)),
    () => world.progress(world.pick(["running", "succeeded", "failed", "failed", "erased"])),
    () => (world.now += world.pick([5_000, 70_000, 0.4 * DAY_MS, DAY_MS])),
    () => (world.service.trouble = world.pick(troubles)),
    () => (world.service.trouble = null),
    () => (world.service.trouble = null),
    () => (world.service.quota = world.pick([0, 1, ...[0, 0, 0, 0].map(() => Number.POSITIVE_INFINITY)])),
    () => (world.service.isRefusing = world.pick([true, false, false, false, false])),
    () => world.service.uploads.clear(),
    () => world.again(),
    () => world.desk.note(world.id, { type: "woken" }),
  ];
  for (let count = 0; count < ACTIONS; count++) {
    await world.pick(actions)();
    const standing = world.service.reports.filter(({ status }) => status !== "failed" && status !== "erased");
    assert.ok(standing.length <= 1 + world.resentUnsure, `seed ${seed}: ${standing.length} reports`);
  }
  return world;
}

test("interleavings make one report", async () => {
  let ended = 0;
  for (let seed = 0; seed < RUNS; seed++) {
    const world = await run(seed, [0, 1]);
    await world.settle();
    const { stop, report, progress, photos } = await world.submission();
    const made = world.service.reports.find(({ id }) => id === report);
    if (progress?.status === "succeeded") {
      ended++;
      assert.equal(made?.photos, "p1,p2", `seed ${seed}`);
    } else {
      // What stopped can be sent again: the photos are there.
      assert.ok(stop !== null, `seed ${seed}`);
      assert.deepEqual(photos.map(({ id }) => id), ["p1", "p2"]);
    }
  }
  // The runs reach both outcomes.
  assert.ok(ended > RUNS / 4 && ended < RUNS, `${ended} of ${RUNS} ended`);
});

test("a press sends what stopped", async () => {
  for (let seed = 0; seed < RUNS; seed += 3) {
    const world = await run(seed, [0]);
    for (let press = 0; press < 4; press++) {
      await world.settle();
      if ((await world.submission()).stop === null) break;
      await world.again();
    }
    assert.equal((await world.submission()).progress?.status, "succeeded", `seed ${seed}`);
  }
});

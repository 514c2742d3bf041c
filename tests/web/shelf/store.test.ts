/** The list of the shelf against a service whose answers a test holds back, fails or repeats. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import type { ListedReport } from "../../../web/src/api/client.ts";
import { ApiProblem } from "../../../web/src/api/problem.ts";
import type { Page, PageQuery } from "../../../web/src/shelf/requests.ts";
import { PAGE, type ReportSource, ShelfStore } from "../../../web/src/shelf/store.ts";

type Fields = Partial<ListedReport>;

const id = (number: number) => String(number).padStart(26, "0");

function report(number: number, fields: Fields = {}): ListedReport {
  return { id: id(number), status: "succeeded", title: `report ${number}`, ...fields } as ListedReport;
}

/** A service with reports 1 to `count`, the last the newest. A search reads `reach` reports for each page. */
class Service implements ReportSource {
  readonly asked: PageQuery[] = [];
  readonly reach: number;
  reports: ListedReport[];
  failing = 0;
  hold: Promise<void> = Promise.resolve();

  constructor(count: number, reach = Number.POSITIVE_INFINITY) {
    this.reach = reach;
    this.reports = Array.from({ length: count }, (_, at) => report(count - at));
  }

  async page(query: PageQuery): Promise<Page> {
    this.asked.push(query);
    // What is answered is what the service has when it is asked.
    const found: ListedReport[] = [];
    const from = this.reports.filter((one) => query.before === null || one.id < query.before);
    let read = 0;
    for (const one of from) {
      if (found.length === query.limit || (query.search !== "" && read === this.reach)) break;
      read += 1;
      if (one.title?.includes(query.search)) found.push(one);
    }
    const next = read < from.length ? (from[read - 1]?.id ?? null) : null;
    await this.hold;
    if (this.failing > 0) {
      this.failing -= 1;
      throw new TypeError("no answer");
    }
    return { reports: found, next };
  }

  async chosen(ids: readonly string[]): Promise<readonly ListedReport[]> {
    return ids.map((each) => {
      const found = this.reports.find((one) => one.id === each);
      if (found === undefined) throw new ApiProblem(new Response(null, { status: 404 }), { report: each });
      return found;
    });
  }
}

const shown = (store: ShelfStore) => store.state.reports.map((one) => Number(one.id));
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, at) => from - at);

test("pages follow each other", async () => {
  const store = new ShelfStore(new Service(45));
  await store.open("");
  assert.deepEqual(shown(store), down(45, 26));
  await store.more();
  await store.more();
  assert.deepEqual(shown(store), down(45, 1));
  assert.equal(store.state.next, null);
});

test("failed page is tried again", async () => {
  const service = new Service(30);
  const store = new ShelfStore(service);
  service.failing = 1;
  await store.open("");
  assert.ok(store.state.error instanceof TypeError);
  assert.equal(store.state.loading, null);
  await store.retry();
  service.failing = 1;
  await store.more();
  assert.ok(store.state.error instanceof TypeError);
  assert.deepEqual(shown(store), down(30, 11));
  await store.retry();
  assert.deepEqual([shown(store), store.state.error], [down(30, 1), null]);
});

test("reports that came meanwhile are shown once", async () => {
  const service = new Service(30);
  const store = new ShelfStore(service);
  await store.open("");
  service.reports = [report(31), ...service.reports];
  await store.more();
  assert.deepEqual(shown(store), down(30, 1));
  await store.open("");
  assert.deepEqual([shown(store), store.state.next], [down(31, 2), id(2)]);
});

test("coming back shows the list at once", async () => {
  const service = new Service(30);
  const store = new ShelfStore(service);
  await store.open("");
  await store.more();
  service.reports = service.reports.filter((one) => one.id !== id(29));
  const again = store.open("");
  assert.deepEqual(shown(store), down(30, 1));
  await again;
  assert.deepEqual(shown(store), [30, ...down(28, 1)]);
});

test("list stays where it cannot be read again", async () => {
  const service = new Service(10);
  const store = new ShelfStore(service);
  await store.open("");
  service.failing = 1;
  await store.open("");
  assert.deepEqual(shown(store), down(10, 1));
  assert.ok(store.state.error instanceof TypeError);
  await store.retry();
  assert.equal(store.state.error, null);
});

test("newer search wins over a slow one", async () => {
  const service = new Service(30);
  const store = new ShelfStore(service);
  let release = () => {};
  service.hold = new Promise((resolve) => (release = resolve));
  const slow = store.open("report 1");
  service.hold = Promise.resolve();
  await store.open("report 2");
  release();
  await slow;
  assert.deepEqual(shown(store), [...down(29, 20), 2]);
  assert.equal(store.state.search, "report 2");
});

test("search goes on over empty pages", async () => {
  const service = new Service(60, 15);
  const store = new ShelfStore(service);
  await store.open("report 7");
  assert.deepEqual(shown(store), [7]);
  assert.equal(store.state.next, null);
});

test("search ends after some pages", async () => {
  const service = new Service(200, 10);
  const store = new ShelfStore(service);
  await store.open("report 3");
  assert.equal(service.asked.length, 5);
  assert.deepEqual([shown(store), store.state.next], [[], id(151)]);
  await store.more();
  assert.equal(store.state.next, id(101));
});

test("full page ends a search", async () => {
  const service = new Service(100, 30);
  const store = new ShelfStore(service);
  await store.open("report");
  assert.equal(service.asked.length, 1);
  assert.equal(shown(store).length, PAGE);
});

test("unfinished reports are followed", async () => {
  const service = new Service(3);
  const store = new ShelfStore(service);
  service.reports[1] = report(2, { status: "running", stage: "model" });
  await store.open("");
  assert.equal(await store.follow(), false);
  service.reports[1] = report(2, { status: "running", stage: "narrate" });
  assert.equal(await store.follow(), true);
  service.reports[1] = report(2);
  assert.equal(await store.follow(), true);
  assert.equal(store.state.reports[1]?.status, "succeeded");
  assert.equal(await store.follow(), false);
});

test("report erased elsewhere leaves the list", async () => {
  const service = new Service(3);
  const store = new ShelfStore(service);
  service.reports[1] = report(2, { status: "running", stage: "model" });
  await store.open("");
  service.reports = service.reports.filter((one) => one.id !== id(2));
  assert.equal(await store.follow(), false);
  assert.deepEqual(shown(store), [3, 1]);
});

test("first report is waited for, not denied", async () => {
  const service = new Service(0);
  const store = new ShelfStore(service);
  await store.open("");
  service.reports = [report(1)];
  const opened = store.open("");
  assert.equal(store.state.loading, "first");
  await opened;
  assert.deepEqual(shown(store), [1]);
});

test("many lost photos ask once for new links", async () => {
  mock.timers.enable({ apis: ["Date"] });
  try {
    const service = new Service(10);
    const store = new ShelfStore(service);
    await store.open("");
    const lose = () => Promise.all(Array.from({ length: 10 }, () => store.renewLinks()));
    await lose();
    assert.equal(service.asked.length, 1);
    mock.timers.tick(600_000);
    await lose();
    await lose();
    assert.equal(service.asked.length, 2);
  } finally {
    mock.timers.reset();
  }
});

test("refresh that was overtaken does not keep the next one", async () => {
  const service = new Service(30);
  const store = new ShelfStore(service);
  await store.open("");
  let release = () => {};
  service.hold = new Promise((resolve) => (release = resolve));
  const slow = store.refresh();
  service.hold = Promise.resolve();
  await store.more();
  service.reports = [report(31), ...service.reports];
  await store.refresh();
  release();
  await slow;
  assert.equal(shown(store)[0], 31);
});

test("erased reports leave the list", async () => {
  const store = new ShelfStore(new Service(5));
  await store.open("");
  store.remove(new Set([id(4), id(2)]));
  assert.deepEqual(shown(store), [5, 3, 1]);
});

test("any walk ends with what the service has", async () => {
  // Seeded: openings, pages, failures and new reports in any order.
  for (let seed = 1; seed <= 200; seed++) {
    let state = seed;
    const random = (most: number) => {
      state = (state * 48271) % 2147483647;
      return state % most;
    };
    const service = new Service(random(70), 7 + random(20));
    const store = new ShelfStore(service);
    const under: Promise<unknown>[] = [];
    for (let step = 0; step < 12; step++) {
      const act = random(6);
      if (act === 0) under.push(store.open(""));
      if (act === 1) under.push(store.open("1"));
      if (act === 2) under.push(store.more());
      if (act === 3) service.failing = 1;
      if (act === 4) service.reports = [report(service.reports.length + 1), ...service.reports];
      if (act === 5) await Promise.all(under);
    }
    await Promise.all(under);
    service.failing = 0;
    const { search } = store.state;
    await store.open(search);
    for (let page = 0; store.state.next !== null && page < 50; page++) await store.more();
    const expected = service.reports.filter((one) => one.title?.includes(search)).map((one) => Number(one.id));
    assert.deepEqual(shown(store), expected, `seed ${seed}`);
    assert.deepEqual([store.state.loading, store.state.error], [null, null]);
  }
});

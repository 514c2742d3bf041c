import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Connection, isFromNetwork } from "../../../web/src/offline/connection.ts";

test("failed request is checked once", async () => {
  let asked = 0;
  const connection = new Connection(true, async () => {
    asked += 1;
    return true;
  });
  await Promise.all([connection.check(), connection.check()]);
  assert.equal(asked, 1);
  assert.equal(connection.isOnline, true);
});

test("listeners hear each change once", async () => {
  const answers = [false, false, true];
  const connection = new Connection(true, async () => answers.shift()!);
  const heard: boolean[] = [];
  const stop = connection.subscribe((isOnline) => heard.push(isOnline));
  await connection.check();
  await connection.check();
  await connection.check();
  assert.deepEqual(heard, [false, true]);
  stop();
  connection.lose();
  assert.deepEqual(heard, [false, true]);
  answers.push(true);
  await connection.check();
});

test("lost connection is asked for until it is back", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const answers = [false, true];
    const connection = new Connection(true, async () => answers.shift() ?? assert.fail("asked once it was back"));
    connection.lose();
    assert.equal(connection.isOnline, false);
    for (const expected of [false, true, true]) {
      mock.timers.tick(5000);
      await new Promise(setImmediate);
      assert.equal(connection.isOnline, expected);
    }
  } finally {
    mock.timers.reset();
  }
});

test("page that starts without a network keeps asking", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const connection = new Connection(false, async () => true);
    mock.timers.tick(5000);
    await new Promise(setImmediate);
    assert.equal(connection.isOnline, true);
  } finally {
    mock.timers.reset();
  }
});

test("kept answer is not from the network", () => {
  assert.equal(isFromNetwork(new Response("{}")), true);
  assert.equal(isFromNetwork(new Response("{}", { headers: { "x-kept": "1" } })), false);
});

/** Several erasures, of which some fail. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { ErasureReceipt } from "../../../web/src/api/client.ts";
import { ApiProblem } from "../../../web/src/api/problem.ts";
import { erasedIds, eraseAll, total } from "../../../web/src/shelf/erasures.ts";

function receipt(id: string, photos: number, ...remaining: ErasureReceipt["remaining"]): ErasureReceipt {
  return { id, erased_at: "2026-11-27T10:00:00Z", erased: { photos }, remaining };
}

const stream = (until: string) => ({ where: "table_stream" as const, until, how: "by itself" });
const backups = (until: string) => ({ where: "table_backups" as const, until, how: "by itself" });

test("one failure keeps no other", async () => {
  const told: number[] = [];
  const problem = (status: number) => new ApiProblem(new Response(null, { status }), {});
  const erased = await eraseAll(
    ["a", "b", "c", "d"],
    async (id) => {
      if (id === "b") throw problem(503);
      if (id === "c") throw problem(404);
      return receipt(id, 1);
    },
    (state) => told.push(state.receipts.length + state.gone.length + state.failed.length),
  );
  assert.deepEqual(
    [erased.receipts.map(({ id }) => id), erased.gone, erased.failed.map(({ id }) => id)],
    [["a", "d"], ["c"], ["b"]],
  );
  assert.deepEqual(told, [1, 2, 3, 4]);
  assert.deepEqual(erasedIds(erased), new Set(["a", "d", "c"]));
});

test("receipts add up to one", () => {
  const sum = total([
    receipt("a", 2, stream("2026-11-28T10:00:00Z"), backups("2027-01-01T10:00:00Z")),
    // The same moment later, though its text comes earlier.
    receipt("b", 3, stream("2026-11-28T09:30:00-02:00")),
  ]);
  assert.deepEqual(sum, {
    photos: 5,
    remaining: [
      ["table_stream", "2026-11-28T09:30:00-02:00"],
      ["table_backups", "2027-01-01T10:00:00Z"],
    ],
  });
});

test("no receipt is an empty one", () => {
  assert.deepEqual(total([]), { photos: 0, remaining: [] });
});

/** Erases several reports, one after another, and adds up their receipts. */
import type { ErasureReceipt } from "../api/client.ts";
import { ApiProblem } from "../api/problem.ts";

export interface Erasures {
  readonly receipts: readonly ErasureReceipt[];
  /** Reports that were gone already, as after an erasure in another tab. */
  readonly gone: readonly string[];
  readonly failed: readonly { readonly id: string; readonly error: unknown }[];
}

export const NONE: Erasures = { receipts: [], gone: [], failed: [] };

/** Erase the reports; `told` gets the state after each. An error of one does not keep the others. */
export async function eraseAll(
  ids: readonly string[],
  erase: (id: string) => Promise<ErasureReceipt>,
  told: (erasures: Erasures) => void,
): Promise<Erasures> {
  let state = NONE;
  for (const id of ids) {
    try {
      const receipt = await erase(id);
      state = { ...state, receipts: [...state.receipts, receipt] };
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 404) state = { ...state, gone: [...state.gone, id] };
      else state = { ...state, failed: [...state.failed, { id, error }] };
    }
    told(state);
  }
  return state;
}

/** Return the ids of the reports that no longer exist. */
export function erasedIds({ receipts, gone }: Erasures): Set<string> {
  return new Set([...receipts.map(({ id }) => id), ...gone]);
}

type Where = ErasureReceipt["remaining"][number]["where"];

/** The receipts as one: how many photos were erased, and until when each kind of copy remains at the latest. */
export function total(receipts: readonly ErasureReceipt[]): { photos: number; remaining: [Where, string][] } {
  const remaining = new Map<Where, string>();
  for (const { where, until } of receipts.flatMap((receipt) => receipt.remaining)) {
    const known = remaining.get(where);
    if (known === undefined || Date.parse(until) > Date.parse(known)) remaining.set(where, until);
  }
  return {
    photos: receipts.reduce((sum, { erased }) => sum + erased.photos, 0),
    remaining: [...remaining],
  };
}

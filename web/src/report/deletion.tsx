/** Deletes a report after a question, and shows the receipt of what was erased and what goes later. */
import { useState } from "preact/hooks";

import { dataOf, type ErasureReceipt } from "../api/client.ts";
import { ApiProblem } from "../api/problem.ts";
import { useServices } from "../services.ts";
import { useWords } from "../i18n/index.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { ProblemNotice } from "../ui/notice.tsx";
import { moment } from "./figures.ts";

/** The button that deletes report `id`. `onDeleted` gets the receipt. */
export function Deletion({ id, onDeleted }: { id: string; onDeleted: (receipt: ErasureReceipt) => void }) {
  const { api } = useServices();
  const { words } = useWords();
  const said = words.report.deletion;
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const erase = async () => {
    setBusy(true);
    setError(null);
    try {
      const receipt = dataOf(await api.DELETE("/reports/{report_id}", { params: { path: { report_id: id } } }));
      setAsked(false);
      onDeleted(receipt);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button icon="trash" variant="danger" onClick={() => setAsked(true)}>
        {said.button}
      </Button>
      <Dialog
        title={said.title}
        open={asked}
        onClose={() => setAsked(false)}
        actions={
          <>
            <Button onClick={() => setAsked(false)}>{words.frame.cancel}</Button>
            <Button
              variant="danger"
              icon="trash"
              busy={busy}
              // Erased already, as in another tab: there is nothing to try again.
              disabled={error instanceof ApiProblem && error.status === 404}
              onClick={() => void erase()}
            >
              {said.confirm}
            </Button>
          </>
        }
      >
        <p>{said.text}</p>
        {error !== null && <ProblemNotice error={error} />}
      </Dialog>
    </>
  );
}

/** What was erased, and which copies go later and when. */
export function Receipt({ receipt }: { receipt: ErasureReceipt }) {
  const { language, words } = useWords();
  const said = words.report.deletion;
  return (
    <section class="receipt card stack">
      <div>
        <h2 class="label">{said.gone}</h2>
        <ul>
          {said.goneItems(receipt.erased.photos).map((item) => (
            <li key={item}>{item}</li>
          ))}
        </ul>
      </div>
      {receipt.remaining.length > 0 && (
        <div>
          <h2 class="label">{said.later}</h2>
          <ul>
            {receipt.remaining.map((copy) => (
              <li key={copy.where}>
                {said.where[copy.where]} <span class="soft">– {moment(copy.until, language)}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      <p class="soft small">
        {said.at(moment(receipt.erased_at, language))} · <span class="break">{said.receipt(receipt.id)}</span>
      </p>
    </section>
  );
}

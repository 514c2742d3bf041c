/** Deletes the chosen reports after a question, and shows their receipts as one. */
import { useState } from "preact/hooks";

import type { ErasureReceipt, ListedReport } from "../api/client.ts";
import { problemText } from "../api/problem-text.ts";
import { useWords } from "../i18n/index.ts";
import { moment } from "../report/figures.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Notice } from "../ui/notice.tsx";
import { Progress } from "../ui/spinner.tsx";
import { titleOf } from "./entries.ts";
import { type Erasures, erasedIds, eraseAll, NONE, total } from "./erasures.ts";
import type { ShelfRequests } from "./requests.ts";
import { save } from "./save.ts";

interface ErasingProps {
  readonly reports: readonly ListedReport[];
  readonly requests: ShelfRequests;
  /** The reports that are gone now. */
  readonly onErased: (ids: ReadonlySet<string>) => void;
  readonly onClose: () => void;
}

export function Erasing({ reports, requests, onErased, onClose }: ErasingProps) {
  const { words } = useWords();
  const said = words.shelf;
  const [step, setStep] = useState<"ask" | "work" | "done">("ask");
  const [all, setAll] = useState<Erasures>(NONE);
  const [done, setDone] = useState(0);
  const [count, setCount] = useState(reports.length);
  const erase = async (ids: readonly string[]) => {
    const before = { ...all, failed: [] };
    setStep("work");
    setCount(ids.length);
    setDone(0);
    const now = await eraseAll(
      ids,
      (id) => requests.erase(id),
      (state) => setDone(erasedIds(state).size + state.failed.length),
    );
    onErased(erasedIds(now));
    setAll({
      receipts: [...before.receipts, ...now.receipts],
      gone: [...before.gone, ...now.gone],
      failed: now.failed,
    });
    setStep("done");
  };
  if (step === "work") {
    return (
      <Dialog title={said.deleting(done, count)} open>
        <Progress label={said.deleting(done, count)} value={done / count} />
      </Dialog>
    );
  }
  if (step === "done") {
    const failed = all.failed.map(({ id }) => id);
    return (
      <Dialog
        title={said.deletedTitle(all.receipts.length)}
        open
        onClose={onClose}
        actions={
          <>
            {all.receipts.length > 0 && (
              <Button icon="download" onClick={() => saveReceipts(all.receipts)}>
                {said.saveReceipts}
              </Button>
            )}
            {failed.length > 0 && (
              <Button icon="reload" onClick={() => void erase(failed)}>
                {said.deleteAgain}
              </Button>
            )}
            <Button variant="primary" onClick={onClose}>
              {said.done}
            </Button>
          </>
        }
      >
        <Outcome erasures={all} reports={reports} />
      </Dialog>
    );
  }
  return (
    <Dialog
      title={said.deleteTitle(reports.length)}
      open
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{said.deleteKeep(reports.length)}</Button>
          <Button variant="danger" icon="trash" onClick={() => void erase(reports.map(({ id }) => id))}>
            {said.deleteConfirm(reports.length)}
          </Button>
        </>
      }
    >
      <div class="stack">
        <p>{said.deleteText}</p>
        <Titles reports={reports} />
      </div>
    </Dialog>
  );
}

function Titles({ reports }: { reports: readonly ListedReport[] }) {
  const { language } = useWords();
  return (
    // It scrolls: a long list would push the buttons out of sight.
    <ul class="shelf-titles small" tabIndex={0}>
      {reports.map((report) => {
        const title = titleOf(report, language);
        return (
          <li key={report.id} lang={title?.lang}>
            {title?.text ?? moment(report.created_at, language)}
          </li>
        );
      })}
    </ul>
  );
}

function Outcome({ erasures, reports }: { erasures: Erasures; reports: readonly ListedReport[] }) {
  const { language, words } = useWords();
  const said = words.shelf;
  const { deletion } = words.report;
  const { receipts, gone, failed } = erasures;
  const { photos, remaining } = total(receipts);
  const titles = new Map(reports.map((report) => [report.id, titleOf(report, language)?.text]));
  return (
    <div class="stack receipt">
      {failed.length > 0 && (
        <Notice tone="error" title={said.deleteFailed(failed.length)}>
          <ul>
            {failed.map(({ id, error }) => {
              const { title, lang } = problemText(error, words.frame);
              return (
                <li key={id}>
                  {titles.get(id) ?? id}: <span lang={lang}>{title}</span>
                </li>
              );
            })}
          </ul>
        </Notice>
      )}
      {gone.length > 0 && <p>{said.deletedBefore(gone.length)}</p>}
      {receipts.length > 0 && (
        <>
          <div>
            <h3 class="label">{deletion.gone}</h3>
            <ul>
              {deletion.goneItems(photos).map((item, at) => (
                // The first is the report itself.
                <li key={item}>{at === 0 ? said.reports(receipts.length) : item}</li>
              ))}
            </ul>
          </div>
          {remaining.length > 0 && (
            <div>
              <h3 class="label">{deletion.later}</h3>
              <ul>
                {remaining.map(([where, until]) => (
                  <li key={where}>
                    {deletion.where[where]} <span class="soft">– {moment(until, language)}</span>
                  </li>
                ))}
              </ul>
            </div>
          )}
        </>
      )}
    </div>
  );
}

function saveReceipts(receipts: readonly ErasureReceipt[]): void {
  const day = new Date().toISOString().slice(0, 10);
  save(`vitrine-receipts-${day}.json`, new Blob([JSON.stringify(receipts, null, 2)], { type: "application/json" }));
}

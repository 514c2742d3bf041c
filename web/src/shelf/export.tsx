/** The question which file is made of the chosen reports; it is saved by the browser. */
import { useId, useState } from "preact/hooks";

import { ApiProblem, type ListedReport } from "../api/client.ts";
import { useWords } from "../i18n/index.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Notice, ProblemNotice } from "../ui/notice.tsx";
import { type Layout, LAYOUTS } from "./layouts.ts";
import type { ShelfRequests } from "./requests.ts";
import { save } from "./save.ts";

interface ExportProps {
  readonly reports: readonly ListedReport[];
  readonly requests: ShelfRequests;
  readonly onClose: () => void;
}

export function Export({ reports, requests, onClose }: ExportProps) {
  const { language, words } = useWords();
  const said = words.shelf;
  const [layout, setLayout] = useState<Layout>("shopify");
  const [textLanguage, setTextLanguage] = useState(language);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const group = useId();
  // Reports that were erased since the list was read: the next try leaves them out.
  const [missing, setMissing] = useState<readonly string[]>([]);
  const ids = reports
    .filter(({ id, status }) => status === "succeeded" && !missing.includes(id))
    .map(({ id }) => id);
  const leftOut = reports.length - ids.length;
  const start = async () => {
    setBusy(true);
    setError(null);
    try {
      const { name, content } = await requests.file(ids, layout, textLanguage);
      save(name, content);
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
      if (problem instanceof ApiProblem && problem.status === 404 && problem.report !== null) {
        setMissing([...missing, problem.report]);
      }
    }
  };
  return (
    <Dialog
      title={said.exportTitle(reports.length)}
      open
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{words.frame.cancel}</Button>
          <Button variant="primary" icon="download" busy={busy} disabled={ids.length === 0} onClick={() => void start()}>
            {said.exportSave}
          </Button>
        </>
      }
    >
      <div class="stack shelf-export">
        <fieldset>
          <legend class="field-label">{said.exportFor}</legend>
          {LAYOUTS.map((each) => (
            <div class="shelf-layout" key={each.layout}>
              <label>
                <input
                  type="radio"
                  name={`${group}-layout`}
                  checked={each.layout === layout}
                  onChange={() => setLayout(each.layout)}
                />
                {each.name}
              </label>
              <p class="small soft">
                {said.exportSource}{" "}
                <a href={each.url} target="_blank" rel="noopener noreferrer" lang="en">
                  {each.document}
                </a>
              </p>
            </div>
          ))}
        </fieldset>
        <fieldset>
          <legend class="field-label">{said.exportLanguage}</legend>
          <div class="row">
            {(["en", "fr"] as const).map((each) => (
              <label class="chip" key={each}>
                <input
                  type="radio"
                  name={`${group}-language`}
                  checked={each === textLanguage}
                  onChange={() => setTextLanguage(each)}
                />
                {said.exportLanguages[each]}
              </label>
            ))}
          </div>
          <p class="small soft">{said.exportOwn}</p>
        </fieldset>
        {leftOut > 0 && <Notice tone="warning">{said.exportLeftOut(leftOut)}</Notice>}
        <p class="small">
          {said.exportLinks} {said.exportFill}
        </p>
        {error !== null && <ProblemNotice error={error} />}
      </div>
    </Dialog>
  );
}

/** Asks the owner what the thing is, where the photos did not say it surely enough. */
import { useState } from "preact/hooks";

import { useWords } from "../i18n/index.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { ProblemNotice } from "../ui/notice.tsx";
import { toast } from "../ui/toast.tsx";
import type { Catalogue, FoundKind } from "./catalogue.ts";
import { kindPatch } from "./correction.ts";
import { useCorrect, useEdited } from "./editing.tsx";
import { WithCatalogue } from "./fact-editors.tsx";
import { KindPicker } from "./kind-picker.tsx";

/** The question, with the field that names the kind; `onNamed` is called once it is answered. */
export function Unrecognised({ onNamed }: { onNamed: () => void }) {
  const { words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const suggestion = report.product?.suggestion;
  return (
    <section class="ask card stack no-print">
      <h2>
        <Icon name="info" /> {said.askTitle}
      </h2>
      <p>{said.askText}</p>
      {suggestion && (
        <p class="soft">
          <bdi>{said.askSuggestion(suggestion)}</bdi>
        </p>
      )}
      <WithCatalogue>{(catalogue) => <KindQuestion {...{ catalogue, onNamed }} />}</WithCatalogue>
      <p class="soft small">{said.askPhotos}</p>
    </section>
  );
}

function KindQuestion({ catalogue, onNamed }: { catalogue: Catalogue; onNamed: () => void }) {
  const { words } = useWords();
  const { report } = useEdited();
  const correct = useCorrect();
  const said = words.report;
  const [chosen, setChosen] = useState<FoundKind | null>(null);
  const [missing, setMissing] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const send = async () => {
    if (chosen === null) return setMissing(said.askChoose);
    setBusy(true);
    setError(null);
    try {
      await correct(kindPatch(report, catalogue, chosen.id).patch);
      toast(said.saved);
      onNamed();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form
      class="stack"
      aria-label={said.askTitle}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <KindPicker
        {...{ catalogue, chosen }}
        text=""
        error={missing}
        onChoose={(kind) => {
          setChosen(kind);
          setMissing("");
        }}
      />
      {error !== null && <ProblemNotice error={error} />}
      <div class="row">
        <Button type="submit" variant="primary" icon="check" busy={busy}>
          {said.save}
        </Button>
        <ButtonLink href="/" icon="camera">
          {said.again}
        </ButtonLink>
      </div>
    </form>
  );
}

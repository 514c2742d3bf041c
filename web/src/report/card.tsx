/** The card of a report that has succeeded: all it says, to look at, to correct, to copy and to print. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { ErasureReceipt, Report } from "../api/client.ts";
import { useWords } from "../i18n/index.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Screen } from "../ui/screen.tsx";
import { toast } from "../ui/toast.tsx";
import { About } from "./about.tsx";
import { ConditionSection } from "./condition.tsx";
import { isUnrecognised } from "./correction.ts";
import { Deletion } from "./deletion.tsx";
import { EditedContext } from "./editing.tsx";
import { Facts } from "./facts.tsx";
import { ListingSection } from "./listing.tsx";
import { numberedMarks } from "./marks.ts";
import { Gallery } from "./photos.tsx";
import { RelianceSection } from "./reliance.tsx";
import { textsFor } from "./texts.ts";
import { Unrecognised } from "./unrecognised.tsx";
import { WordsSection } from "./words-section.tsx";

interface CardProps {
  readonly report: Report;
  /** It has succeeded while the person looked at it. */
  readonly isNew: boolean;
  readonly onChange: (report: Report) => void;
  readonly onReload: () => void;
  readonly onDeleted: (receipt: ErasureReceipt) => void;
}

// Links to photos hold for minutes: a photo that fails sooner fails for another reason.
const RELOAD_PAUSE_MS = 60_000;

export function Card({ report, isNew, onChange, onReload, onDeleted }: CardProps) {
  const { language, words } = useWords();
  const said = words.report;
  const edited = useMemo(() => ({ report, onChange }), [report, onChange]);
  const texts = textsFor(report, language);
  const ownTitle = report.corrections?.title;
  const titleLanguage = ownTitle ? report.language : texts.language;
  const facts = useRef<HTMLDivElement>(null);
  const onGone = useSeldom(onReload);
  useEffect(() => {
    if (isNew) toast(said.ready);
  }, [isNew]);
  return (
    <EditedContext.Provider value={edited}>
      <Screen
        // The owner's own title is in the report's language alone.
        title={ownTitle ?? texts.title}
        titleLang={titleLanguage === language ? undefined : titleLanguage}
        wide
        class="report"
        actions={
          <Button class="no-print" icon="print" onClick={() => print()}>
            {said.print}
          </Button>
        }
      >
        <div class="report-columns">
          <Gallery
            photos={report.photos}
            title={texts.title}
            marks={numberedMarks(report)}
            labels={texts.labels}
            {...(texts.language === language ? {} : { lang: texts.language })}
            onGone={onGone}
          />
          <div class="report-facts" ref={facts} tabIndex={-1}>
            {isUnrecognised(report) && <Unrecognised onNamed={() => facts.current?.focus()} />}
            <Facts texts={texts} />
            <ConditionSection texts={texts} />
          </div>
        </div>
        <WordsSection />
        <RelianceSection texts={texts} />
        <ListingSection />
        <About />
        <div class="row no-print">
          <ButtonLink href="/" icon="camera" variant="primary">
            {said.next}
          </ButtonLink>
          <ButtonLink href="/shelf" icon="shelf">
            {said.back}
          </ButtonLink>
          <Deletion id={report.id} onDeleted={onDeleted} />
        </div>
      </Screen>
    </EditedContext.Provider>
  );
}

/** Return `act`, which is not called again within RELOAD_PAUSE_MS. */
function useSeldom(act: () => void): () => void {
  const last = useRef(Number.NEGATIVE_INFINITY);
  const [seldom] = useState(() => () => {
    if (performance.now() - last.current < RELOAD_PAUSE_MS) return;
    last.current = performance.now();
    act();
  });
  return seldom;
}

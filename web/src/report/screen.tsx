/** The screen of one report: what it has become, or why it is not there. */
import { useState } from "preact/hooks";

import type { ErasureReceipt } from "../api/client.ts";
import { ApiProblem } from "../api/problem.ts";
import { useWords } from "../i18n/index.ts";
import { ButtonLink } from "../ui/button.tsx";
import { Empty, ProblemNotice } from "../ui/notice.tsx";
import { Screen } from "../ui/screen.tsx";
import { Loading } from "../ui/spinner.tsx";
import { Card } from "./card.tsx";
import { Receipt } from "./deletion.tsx";
import { FailedReport, UnfinishedReport } from "./states.tsx";
import { useReport } from "./use-report.ts";

export function ReportScreen({ id = "" }: { id?: string }) {
  const { words } = useWords();
  const { report, error, trouble, justEnded, replace, reload } = useReport(id);
  const [receipt, setReceipt] = useState<ErasureReceipt | null>(null);
  if (receipt?.id === id) {
    return (
      <Screen title={words.report.deletion.doneTitle} actions={<Ways />}>
        <Receipt receipt={receipt} />
      </Screen>
    );
  }
  // Of an address that is no report's, the service says that it is malformed.
  if (error instanceof ApiProblem && (error.status === 404 || error.status === 422)) {
    return (
      <Screen title={words.report.missingTitle} titleUnseen>
        <Empty icon="shelf" title={words.report.missingTitle}>
          <p>{words.report.missingText}</p>
          <Ways />
        </Empty>
      </Screen>
    );
  }
  if (report === undefined) {
    return (
      <Screen title={words.report.title} titleUnseen>
        {error ? <ProblemNotice error={error} onRetry={reload} /> : <Loading text={words.report.loading} />}
        {trouble !== null && <ProblemNotice error={trouble} onRetry={reload} />}
      </Screen>
    );
  }
  if (report.status === "succeeded") {
    return (
      <Card
        key={report.id}
        report={report}
        isNew={justEnded}
        onChange={replace}
        onReload={reload}
        onDeleted={setReceipt}
      />
    );
  }
  if (report.status === "failed") return <FailedReport report={report} onDeleted={setReceipt} />;
  return <UnfinishedReport report={report} trouble={trouble} error={error} onRetry={reload} onDeleted={setReceipt} />;
}

/** The ways on from a report that is not there. */
function Ways() {
  const { words } = useWords();
  return (
    <div class="row">
      <ButtonLink href="/" icon="camera" variant="primary">
        {words.report.next}
      </ButtonLink>
      <ButtonLink href="/shelf" icon="shelf">
        {words.report.back}
      </ButtonLink>
    </div>
  );
}

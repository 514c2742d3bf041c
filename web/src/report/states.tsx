/** A report that is being made, and one that has failed. */
import type { ErasureReceipt, Report } from "../api/client.ts";
import { useServices } from "../services.ts";
import { useWords, type Words } from "../i18n/index.ts";
import { ButtonLink } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { Notice, ProblemNotice } from "../ui/notice.tsx";
import { Screen } from "../ui/screen.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Deletion } from "./deletion.tsx";
import { moment } from "./figures.ts";
import { Gallery } from "./photos.tsx";
import { minutesAsleep, type Stage, STAGES, stageState } from "./stages.ts";

type Receiver = (receipt: ErasureReceipt) => void;

interface UnfinishedProps {
  readonly report: Report;
  readonly trouble: unknown;
  readonly error: unknown;
  readonly onRetry: () => void;
  readonly onDeleted: Receiver;
}

/** The stages of a report as they happen, and why it waits. */
export function UnfinishedReport({ report, trouble, error, onRetry, onDeleted }: UnfinishedProps) {
  const { language, words } = useWords();
  const { config } = useServices();
  const said = words.report;
  const reason = waitingText(report, config.model_start_minutes, words);
  return (
    <Screen title={said.making} lead={said.makingText} class="report">
      <ol class="making" aria-live="polite">
        {STAGES.map((stage) => (
          <StageLine key={stage} stage={stage} at={report.stage ?? null} />
        ))}
      </ol>
      {reason !== null && <Notice>{reason}</Notice>}
      {trouble !== null && <Notice tone="warning">{said.trouble}</Notice>}
      {error !== undefined && <ProblemNotice error={error} onRetry={onRetry} />}
      <p class="soft small">{said.since(moment(report.created_at, language))}</p>
      <Gallery photos={report.photos} title={said.title} marks={[]} labels={null} />
      <div class="row no-print">
        <ButtonLink href="/" icon="camera" variant="primary">
          {said.next}
        </ButtonLink>
        <Deletion id={report.id} onDeleted={onDeleted} />
      </div>
    </Screen>
  );
}

function StageLine({ stage, at }: { stage: Stage; at: Stage | null }) {
  const { words } = useWords();
  const state = stageState(stage, at);
  return (
    <li class={`making-${state}`} aria-current={state === "now" ? "step" : undefined}>
      <span class="making-sign">{state === "done" ? <Icon name="check" /> : state === "now" ? <Spinner /> : null}</span>
      {words.capture.stages[STAGES.indexOf(stage)]}
      {state !== "next" && (
        <span class="unseen">: {state === "now" ? words.report.stageNow : words.report.stageDone}</span>
      )}
    </li>
  );
}

function waitingText(report: Report, startMinutes: number | null, { capture }: Words): string | null {
  const since = Date.now() - Date.parse(report.created_at);
  const minutes = minutesAsleep(report.waiting_code ?? null, since, startMinutes);
  if (minutes !== null) return capture.asleep(minutes);
  return report.waiting_code === "model_unavailable" ? capture.status.unavailable : null;
}

// Failures that the same photos may not have again, or that are no fault of the photos.
const REMEDIES: Readonly<Record<string, keyof Words["report"]["failedRemedies"]>> = {
  internal_error: "later",
  model_answer_invalid: "later",
  model_unavailable: "later",
  catalogue_mismatch: "later",
};

/** Why there is no report, and what helps. */
export function FailedReport({ report, onDeleted }: { report: Report; onDeleted: Receiver }) {
  const { language, words } = useWords();
  const said = words.report;
  const remedy = REMEDIES[report.failure?.code ?? ""] ?? "again";
  return (
    <Screen title={said.failedTitle} lead={said.failedText} class="report">
      <Notice tone="error" title={said.failedRemedies[remedy]}>
        {/* The service's own sentence, which is English. */}
        <p lang="en">
          <bdi>{report.failure?.reason}</bdi>
        </p>
      </Notice>
      <p class="soft small">{said.since(moment(report.created_at, language))}</p>
      <div class="row no-print">
        <ButtonLink href="/" icon="camera" variant="primary">
          {said.again}
        </ButtonLink>
        <ButtonLink href="/shelf" icon="shelf">
          {said.back}
        </ButtonLink>
        <Deletion id={report.id} onDeleted={onDeleted} />
      </div>
    </Screen>
  );
}

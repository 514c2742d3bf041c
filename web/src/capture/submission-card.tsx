/** One submission: its first photo, how far it is, and what the person can do. */
import { useState } from "preact/hooks";

import { useWords } from "../i18n/index.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { Progress } from "../ui/spinner.tsx";
import { ComplaintText } from "./complaint-text.tsx";
import type { Outbox } from "./outbox.ts";
import type { Status } from "./status.ts";
import { StoredPhoto } from "./stored-photo.tsx";
import { canChange, type Submission } from "./submission.ts";

interface SubmissionCardProps {
  readonly submission: Submission;
  readonly status: Status;
  readonly name: string;
  readonly text: string;
  /** The part of its photos that has left, while they are sent. */
  readonly part: number | null;
  readonly mayChange: boolean;
  readonly outbox: Outbox;
}

// Which of the three stages is at work; null: none can be named.
const STAGE: Partial<Record<Status["kind"], number>> = {
  sending: 0,
  uploading: 0,
  accepted: 1,
  queued: 1,
  asleep: 1,
  unavailable: 1,
  looking: 1,
  wording: 2,
};

export function SubmissionCard({ submission, status, name, text, part, mayChange, outbox }: SubmissionCardProps) {
  const { words } = useWords();
  const [isAsked, setAsked] = useState(false);
  const { id, photos, report, stop, notBefore } = submission;
  const first = photos[0];
  const isReady = status.kind === "ready";
  const isWaiting = stop === null && notBefore > Date.now() && status.kind !== "queued";
  return (
    <li class={`card submission submission-${isReady ? "ready" : stop === null ? "going" : "stopped"}`}>
      {first && <StoredPhoto id={first.id} load={(photo) => outbox.photo(photo)} alt="" />}
      <div class="submission-head">
        <h3>{name}</h3>
        <p class={stop === null ? "soft" : "submission-stop"}>
          {stop !== null && <Icon name="alert" />}
          {isReady && <Icon name="check" />}
          {text}
        </p>
      </div>
      <Button
        class="submission-discard"
        variant="quiet"
        icon="trash"
        label={`${words.capture.discard}: ${name}`}
        onClick={() => setAsked(true)}
      />
      <div class="stack submission-body">
        <Stages status={status} part={part} />
        <Reason submission={submission} />
        <div class="row">
          {isReady && (
            <ButtonLink variant="primary" href={`/reports/${report}`} onClick={() => void outbox.discard(id)}>
              {words.capture.open}
            </ButtonLink>
          )}
          {isWaiting && (
            <Button icon="reload" onClick={() => void outbox.again(id)}>
              {words.capture.tryNow}
            </Button>
          )}
          {stop?.kind === "unsure" && <ButtonLink href="/shelf">{words.capture.toShelf}</ButtonLink>}
          {stop !== null && !(stop.kind === "refused" && stop.photo !== null) && (
            <Button icon="reload" onClick={() => void outbox.again(id)}>
              {words.capture.sendAgain}
            </Button>
          )}
          {stop !== null && canChange(submission) && (
            <Button icon="pencil" disabled={!mayChange} onClick={() => void outbox.change(id)}>
              {words.capture.change}
            </Button>
          )}
        </div>
        {stop !== null && canChange(submission) && !mayChange && <p class="small soft">{words.capture.changeHint}</p>}
      </div>
      <Dialog
        title={words.capture.discardTitle}
        open={isAsked}
        onClose={() => setAsked(false)}
        actions={
          <>
            <Button onClick={() => setAsked(false)}>{words.capture.keep}</Button>
            <Button variant="danger" onClick={() => void outbox.discard(id)}>
              {words.capture.discard}
            </Button>
          </>
        }
      >
        <p>{words.capture.discardText}</p>
      </Dialog>
    </li>
  );
}

function Stages({ status, part }: { status: Status; part: number | null }) {
  const { words } = useWords();
  const at = STAGE[status.kind];
  if (at === undefined) return null;
  return (
    <>
      <ol class="capture-stages">
        {words.capture.stages.map((stage, number) => (
          <li
            key={stage}
            class={number < at ? "capture-stage-done" : number === at ? "capture-stage-now" : ""}
            aria-current={number === at ? "step" : undefined}
          >
            {stage}
          </li>
        ))}
      </ol>
      {at === 0 && <Progress label={words.capture.status.sending} {...(part !== null && { value: part })} />}
    </>
  );
}

/** Why a submission has stopped, in the service's words where it gave some. */
function Reason({ submission: { stop } }: { submission: Submission }) {
  const { words } = useWords();
  if (stop === null) return null;
  if (stop.kind === "unsure") return <p>{words.capture.unsureHint}</p>;
  if (stop.kind === "erased") return <p>{words.capture.erasedHint}</p>;
  const { complaint } = stop;
  return (
    <p>
      {stop.kind === "refused" && stop.photo !== null && <b>{words.capture.refusedPhoto(stop.photo + 1)} </b>}
      <ComplaintText of={complaint} />
      {stop.kind === "failed" && ` ${words.capture.failedHint}`}
    </p>
  );
}

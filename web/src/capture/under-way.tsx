/** The submissions that have no report yet, or whose report was not opened. */
import { useEffect, useRef, useState } from "preact/hooks";

import { useServices } from "../services.ts";
import { type Language, useWords, type Words } from "../i18n/index.ts";
import { timeOfDay } from "../i18n/locale.ts";
import { announce } from "../ui/toast.tsx";
import type { Outbox } from "./outbox.ts";
import { type Status, statusOf } from "./status.ts";
import type { Submission } from "./submission.ts";
import { SubmissionCard } from "./submission-card.tsx";

interface UnderWayProps {
  readonly outbox: Outbox;
  readonly submissions: readonly Submission[];
  readonly sent: ReadonlyMap<string, number>;
  /** Whether the photos of a submission can become the draft. */
  readonly mayChange: boolean;
}

export function UnderWay({ outbox, submissions, sent, mayChange }: UnderWayProps) {
  const { words, language } = useWords();
  const { config, account, connection } = useServices();
  const [, setTick] = useState(0);
  useEffect(() => {
    const tick = () => setTick((count) => count + 1);
    const timer = setInterval(tick, 5_000);
    const ends = [connection.subscribe(tick), account.subscribe(tick), () => clearInterval(timer)];
    return () => ends.forEach((end) => end());
  }, [connection, account]);
  const said = useRef(new Map<string, string>());
  const surroundings = {
    now: Date.now(),
    isOnline: connection.isOnline,
    isSignedIn: account.state.kind === "in",
    startMinutes: config.model_start_minutes,
  };
  const cards = submissions.map((submission) => {
    const status = statusOf(submission, surroundings);
    const title = submission.progress?.title;
    const name = title || words.capture.reportOf(submission.photos.length, timeOfDay(submission.createdAt, language));
    return { submission, status, name, text: statusText(status, words, language) };
  });
  useEffect(() => {
    for (const { submission, status, name, text } of cards) {
      const before = said.current.get(submission.id);
      said.current.set(submission.id, status.kind);
      if (before !== undefined && before !== status.kind) announce(words.capture.news(name, text));
    }
  });
  if (cards.length === 0) return null;
  return (
    <section class="stack" aria-labelledby="under-way">
      <div>
        <h2 id="under-way">{words.capture.underWay}</h2>
        <p class="soft small">{words.capture.underWayHint}</p>
      </div>
      <ul class="under-way">
        {cards.map((card) => (
          <SubmissionCard
            key={card.submission.id}
            {...card}
            part={sent.get(card.submission.id) ?? null}
            mayChange={mayChange}
            outbox={outbox}
          />
        ))}
      </ul>
    </section>
  );
}

/** Return what a person is told of a status. */
function statusText(status: Status, { capture }: Words, language: Language): string {
  switch (status.kind) {
    case "asleep":
      return capture.asleep(status.minutes);
    case "no_answer":
      return capture.noAnswer(timeOfDay(status.at, language));
    case "busy":
      return capture.busy(timeOfDay(status.at, language));
    case "quota":
      return capture.quota(timeOfDay(status.at, language));
    default:
      return capture.status[status.kind];
  }
}

/** The capture screen: photos of one thing are chosen and sent; what is under way stays below. */
import { useLocation } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";

import { useServices } from "../services.ts";
import { useWords } from "../i18n/index.ts";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { Screen } from "../ui/screen.tsx";
import { announce, toast } from "../ui/toast.tsx";
import { Chooser } from "./chooser.tsx";
import { type Draft, isReady, MOST_PHOTOS } from "./draft.ts";
import { LanguageChoice } from "./language-choice.tsx";
import { DraftPhotos } from "./draft-photos.tsx";
import { hasEnded } from "./submission.ts";
import { UnderWay } from "./under-way.tsx";
import { outboxOf, useShown } from "./use-outbox.ts";

export function CaptureScreen() {
  const services = useServices();
  const outbox = outboxOf(services);
  const { draft, submissions, sent, isKept } = useShown(outbox);
  const { words, language } = useWords();
  const { route } = useLocation();
  const [noRoom, setNoRoom] = useState(false);
  const chooser = useRef<HTMLDivElement>(null);
  // The one that was sent here last: its report opens by itself, unless the next thing is being photographed.
  const last = useRef<string | null>(null);
  const isNextBegun = (draft?.photos.length ?? 0) > 0;

  useEffect(() => {
    const ended = submissions.find(({ id }) => id === last.current);
    if (ended === undefined || !hasEnded(ended)) return;
    last.current = null;
    if (isNextBegun || submissions.length > 1 || document.querySelector("dialog[open]")) return;
    void outbox.discard(ended.id);
    route(`/reports/${ended.report}`);
  }, [submissions, isNextBegun]);

  if (draft === null) return <Screen title={words.capture.title} />;
  const orNoRoom = async (change: Promise<unknown>) => {
    await change.then(
      () => setNoRoom(false),
      () => setNoRoom(true),
    );
  };
  const add = (files: readonly File[]) =>
    orNoRoom(
      outbox.add(files).then((leftOut) => {
        announce(words.capture.added(files.length - leftOut));
        if (leftOut > 0) toast(words.capture.leftOut(leftOut, MOST_PHOTOS));
      }),
    );
  const send = async () => {
    last.current = await outbox.submit();
    if (last.current === null) return;
    announce(words.capture.sent);
    chooser.current?.querySelector("button")?.focus();
  };
  const change = (how: (before: Draft) => Draft) => void orNoRoom(outbox.changeDraft(how));
  return (
    <Screen title={words.capture.title} lead={words.capture.lead} class="capture">
      {!isKept && <Notice tone="warning">{words.capture.notKept}</Notice>}
      <section class="card stack capture-draft" aria-label={words.capture.photosOf(draft.photos.length, MOST_PHOTOS)}>
        <div ref={chooser}>
          <Chooser
            room={MOST_PHOTOS - draft.photos.length}
            isEmpty={!isNextBegun}
            onFiles={(files) => void add(files)}
          />
        </div>
        {noRoom && <Notice tone="error">{words.capture.noRoom}</Notice>}
        {isNextBegun && (
          <>
            <DraftPhotos
              photos={draft.photos}
              load={(id) => outbox.photo(id)}
              onChange={change}
              onEmpty={() => chooser.current?.querySelector("button")?.focus()}
            />
            <LanguageChoice
              value={draft.languages}
              first={language}
              onChange={(languages) => change((before) => ({ ...before, languages }))}
            />
            <SendButton draft={draft} onSend={send} />
          </>
        )}
      </section>
      <UnderWay outbox={outbox} submissions={submissions} sent={sent} mayChange={!isNextBegun} />
    </Screen>
  );
}

function SendButton({ draft, onSend }: { draft: Draft; onSend: () => Promise<void> }) {
  const { words } = useWords();
  const [isSending, setSending] = useState(false);
  const isFaulty = draft.photos.some(({ fault }) => fault !== null);
  const hint = isReady(draft) ? "" : words.capture.sendHint[isFaulty ? "fault" : "preparing"];
  const send = async () => {
    setSending(true);
    await onSend().finally(() => setSending(false));
  };
  return (
    <div class="capture-send">
      <Button
        variant="primary"
        full
        busy={isSending || (!isReady(draft) && !isFaulty)}
        disabled={isFaulty}
        aria-describedby="send-hint"
        onClick={() => void send()}
      >
        {words.capture.send}
      </Button>
      <p id="send-hint" class="small soft">
        {hint}
      </p>
    </div>
  );
}

/** One report of the shelf: its first photo, title, state and time; a link, or a choice while several are chosen. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import type { ListedReport } from "../api/client.ts";
import { type Words, useWords } from "../i18n/index.ts";
import { Icon } from "../ui/icons.tsx";
import { Badge } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { isUnfinished, type Standing, standingOf, titleOf } from "./entries.ts";

interface ItemProps {
  readonly report: ListedReport;
  /** The time as its group leaves it open: of day, or with the day. */
  readonly time: string;
  /** Null: the report opens; otherwise whether it is chosen. */
  readonly chosen: boolean | null;
  readonly onChoose: (id: string, chosen: boolean) => void;
  readonly onOpen: () => void;
  /** Called when the photo cannot be loaded, as by a link that no longer holds. */
  readonly onGone: () => void;
}

export function Item({ report, time, chosen, onChoose, onOpen, onGone }: ItemProps) {
  const { language, words } = useWords();
  const title = titleOf(report, language);
  const content = (
    <>
      <Thumbnail report={report} onGone={onGone} />
      <span class="shelf-text">
        <span class="shelf-title" lang={title?.lang}>
          {title?.text ?? (isUnfinished(report) ? words.shelf.unfinishedTitle : words.shelf.failedTitle)}
        </span>
        <span class="shelf-state">
          <StandingBadge standing={standingOf(report, language)} said={words.shelf} lang={title?.lang} />
          <time class="soft small numbers" dateTime={report.created_at}>
            {time}
          </time>
        </span>
      </span>
    </>
  );
  return (
    <li>
      {chosen === null ? (
        <a class="shelf-item" href={`/reports/${report.id}`} onClick={onOpen}>
          {content}
        </a>
      ) : (
        <label class={chosen ? "shelf-item shelf-item-chosen" : "shelf-item"}>
          <span class="shelf-check">
            <input
              type="checkbox"
              checked={chosen}
              onChange={(event) => onChoose(report.id, event.currentTarget.checked)}
            />
          </span>
          {content}
        </label>
      )}
    </li>
  );
}

function Thumbnail({ report: { thumbnail, status }, onGone }: { report: ListedReport; onGone: () => void }) {
  // The address of a photo that could not be loaded: a new link is tried again.
  const [lost, setLost] = useState<string | null>(null);
  if (thumbnail === null || lost === thumbnail.url) {
    return (
      <span class="shelf-photo">
        <Icon name={status === "failed" ? "alert" : "photos"} />
      </span>
    );
  }
  const fail = () => {
    setLost(thumbnail.url);
    onGone();
  };
  return (
    <span class="shelf-photo">
      {/* The title beside it says what it shows. */}
      <img src={thumbnail.url} alt="" loading="lazy" decoding="async" onError={fail} />
    </span>
  );
}

interface StandingBadgeProps {
  readonly standing: Standing;
  readonly said: Words["shelf"];
  /** The language of the grade. */
  readonly lang: string | undefined;
}

function StandingBadge({ standing, said, lang }: StandingBadgeProps): ComponentChildren {
  switch (standing.kind) {
    case "judged":
      return (
        <Badge>
          <span lang={lang}>{said.judged(standing.grade, standing.score)}</span>
        </Badge>
      );
    case "unjudged":
    case "unrecognised":
      return <Badge tone="warning">{said[standing.kind]}</Badge>;
    case "failed":
      return <Badge tone="error">{said.failed}</Badge>;
    case "making":
      return (
        <Badge tone="accent">
          {standing.isWaiting ? <Icon name="clock" /> : <Spinner />}
          {standing.isWaiting ? said.waiting : said.making[standing.stage]}
        </Badge>
      );
  }
}

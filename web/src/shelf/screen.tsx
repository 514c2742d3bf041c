/** The shelf: the person's reports by day, searched, opened, and exported or deleted several at once. */
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";

import type { ListedReport } from "../api/client.ts";
import { useWords } from "../i18n/index.ts";
import { day } from "../report/figures.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Empty, ProblemNotice } from "../ui/notice.tsx";
import { Screen } from "../ui/screen.tsx";
import { Loading } from "../ui/spinner.tsx";
import { announce, toast } from "../ui/toast.tsx";
import { ChoiceBar } from "./choice-bar.tsx";
import { timeOf } from "./entries.ts";
import { Erasing } from "./erasing.tsx";
import { Export } from "./export.tsx";
import { List } from "./list.tsx";
import { MOST_IDS } from "./requests.ts";
import { SearchField } from "./search-field.tsx";
import type { ShelfState } from "./store.ts";
import { useShelf } from "./use-shelf.ts";

/** What is asked about reports that were chosen. */
interface Question {
  readonly about: "export" | "erase";
  readonly reports: readonly ListedReport[];
}

export function ShelfScreen() {
  const { words } = useWords();
  const said = words.shelf;
  const { query, route } = useLocation();
  const search = query["search"] ?? "";
  const { requests, state, store, keepPlace } = useShelf(search);
  // Null: reports are opened, not chosen.
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const [question, setQuestion] = useState<Question | null>(null);
  const { reports, next, loading, error } = state;
  const isRead = loading === null && error === null;
  useEffect(() => {
    if (isRead) announce(said.shown(reports.length, next === null));
  }, [isRead, search]);
  const marked = chosen === null ? [] : reports.filter(({ id }) => chosen.has(id));
  const choose = (id: string, isChosen: boolean) => {
    const ids = new Set(marked.map((report) => report.id));
    if (isChosen && ids.size >= MOST_IDS) toast(said.most(MOST_IDS));
    else if (isChosen) ids.add(id);
    else ids.delete(id);
    setChosen(ids);
  };
  const isEmpty = reports.length === 0;
  return (
    <Screen
      title={said.title}
      wide
      actions={
        !isEmpty && (
          <Button
            icon={chosen === null ? "check" : "cross"}
            onClick={() => setChosen(chosen === null ? new Set() : null)}
          >
            {chosen === null ? said.choose : said.stopChoosing}
          </Button>
        )
      }
    >
      {/* Without a report there is nothing to search. */}
      {!(isEmpty && search === "" && isRead) && (
        <SearchField
          value={search}
          onSearch={(text) => route(text ? `/shelf?search=${encodeURIComponent(text)}` : "/shelf", true)}
        />
      )}
      <List
        reports={reports}
        chosen={chosen}
        onChoose={choose}
        onOpen={keepPlace}
        onGone={() => void store.renewLinks()}
      />
      <Foot state={state} onMore={() => void store.more()} />
      {error !== null && <ProblemNotice error={error} onRetry={() => void store.retry()} />}
      {chosen !== null && !isEmpty && (
        <ChoiceBar
          count={marked.length}
          most={Math.min(reports.length, MOST_IDS)}
          onAll={() => setChosen(new Set(reports.slice(0, MOST_IDS).map(({ id }) => id)))}
          onNone={() => setChosen(new Set())}
          onExport={() => setQuestion({ about: "export", reports: marked })}
          onErase={() => setQuestion({ about: "erase", reports: marked })}
        />
      )}
      {question?.about === "export" && (
        <Export reports={question.reports} requests={requests} onClose={() => setQuestion(null)} />
      )}
      {question?.about === "erase" && (
        <Erasing
          reports={question.reports}
          requests={requests}
          onErased={(ids) => store.remove(ids)}
          onClose={() => {
            setQuestion(null);
            // What was chosen is gone; what was kept is chosen still.
            if (marked.length < question.reports.length) setChosen(null);
            requestAnimationFrame(focusTitle);
          }}
        />
      )}
    </Screen>
  );
}

/** Give the focus back where the button that had it is gone. */
function focusTitle(): void {
  if (document.activeElement === document.body) document.querySelector<HTMLElement>("main h1")?.focus();
}

/** What stands below the list: what it waits for, that it has nothing, or how it goes on. */
function Foot({ state, onMore }: { state: ShelfState; onMore: () => void }) {
  const { language, words } = useWords();
  const said = words.shelf;
  const { search, reports, next, loading, error } = state;
  if (loading === "first" && reports.length === 0) {
    return <Loading text={search ? said.searching : said.loading} />;
  }
  if (error !== null) return null;
  if (next === null) return reports.length > 0 ? null : search ? <NothingFound search={search} /> : <NoReports />;
  const back = day(timeOf(next).toISOString(), language);
  return (
    <div class="shelf-more">
      {search !== "" && <p class="soft">{said.soFar(back)}</p>}
      <Button busy={loading !== null} icon="down" onClick={onMore}>
        {search ? said.further : said.more}
      </Button>
    </div>
  );
}

function NoReports() {
  const { words } = useWords();
  return (
    <Empty icon="shelf" title={words.shelf.emptyTitle}>
      <p>{words.shelf.emptyText}</p>
      <ButtonLink href="/" icon="camera" variant="primary">
        {words.shelf.photograph}
      </ButtonLink>
    </Empty>
  );
}

function NothingFound({ search }: { search: string }) {
  const { words } = useWords();
  return (
    <Empty icon="search" title={words.shelf.noneTitle(search)}>
      <p>{words.shelf.noneText}</p>
      <ButtonLink href="/shelf">{words.shelf.clear}</ButtonLink>
    </Empty>
  );
}

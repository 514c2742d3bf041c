/** Asks the owner what the thing is, where the photos did not say it surely enough. */
import { useWords } from "../i18n/index.ts";
import { ButtonLink } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { useEdited } from "./editing.tsx";
import { KindEditor } from "./fact-editors.tsx";

/** The question, with the field that names the kind; `onNamed` is called once it is answered. */
export function Unrecognised({ onNamed }: { onNamed: () => void }) {
  const { words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const suggestion = report.product?.suggestion;
  return (
    <section class="ask card no-print">
      <h2>
        <Icon name="info" /> {said.askTitle}
      </h2>
      <p>{said.askText}</p>
      {suggestion && (
        <p class="soft">
          <bdi>{said.askSuggestion(suggestion)}</bdi>
        </p>
      )}
      <KindEditor onClose={onNamed} isStanding />
      <p class="soft small">{said.askPhotos}</p>
      <div>
        <ButtonLink href="/" icon="camera">
          {said.again}
        </ButtonLink>
      </div>
    </section>
  );
}

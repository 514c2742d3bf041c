/** What is done with the chosen reports: at the foot of the window while reports are chosen. */
import { useWords } from "../i18n/index.ts";
import { Button } from "../ui/button.tsx";

interface ChoiceBarProps {
  readonly count: number;
  /** How many can be chosen. */
  readonly most: number;
  readonly onAll: () => void;
  readonly onNone: () => void;
  readonly onExport: () => void;
  readonly onErase: () => void;
}

export function ChoiceBar({ count, most, onAll, onNone, onExport, onErase }: ChoiceBarProps) {
  const { words } = useWords();
  const said = words.shelf;
  return (
    <div class="shelf-bar" role="group" aria-label={said.choosing}>
      <p role="status">{said.chosen(count)}</p>
      <Button variant="quiet" onClick={count < most ? onAll : onNone}>
        {count < most ? said.chooseAll(most) : said.chooseNone}
      </Button>
      <div class="row">
        <Button icon="download" disabled={count === 0} onClick={onExport}>
          {said.export}
        </Button>
        <Button variant="danger" icon="trash" disabled={count === 0} onClick={onErase}>
          {said.delete}
        </Button>
      </div>
    </div>
  );
}

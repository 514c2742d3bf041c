/** The editors of the kind, and of material, colour and pattern, by the catalogue's names. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { useWords } from "../i18n/index.ts";
import { Field } from "../ui/field.tsx";
import { Notice, ProblemNotice } from "../ui/notice.tsx";
import { Loading } from "../ui/spinner.tsx";
import { type Catalogue, choices, departmentOf, type Entry, type FoundKind } from "./catalogue.ts";
import { isProductCorrected, kindPatch } from "./correction.ts";
import { Editor, useCatalogue, useEdited } from "./editing.tsx";
import { KindPicker } from "./kind-picker.tsx";
import { type Named, spaced, UNKNOWN } from "./texts.ts";

/** The names of the catalogue in `children`, or that they are being loaded or cannot be. */
export function WithCatalogue({ children }: { children: (catalogue: Catalogue) => ComponentChildren }) {
  const { words } = useWords();
  const { catalogue, error, reload } = useCatalogue();
  if (catalogue !== undefined) return <>{children(catalogue)}</>;
  if (error !== null) return <ProblemNotice error={error} onRetry={reload} />;
  return <Loading text={words.frame.loading} />;
}

interface KindEditorProps {
  readonly onClose: () => void;
  readonly isStanding?: boolean;
}

/** Names the kind. */
export function KindEditor(props: KindEditorProps) {
  return <WithCatalogue>{(catalogue) => <KindForm {...props} catalogue={catalogue} />}</WithCatalogue>;
}

function KindForm({ catalogue, onClose, isStanding }: KindEditorProps & { catalogue: Catalogue }) {
  const { words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const type = report.product!.type;
  const present = departmentOf(catalogue, type)?.kinds.find((kind) => kind.id === type);
  const [chosen, setChosen] = useState<FoundKind | null>(null);
  const [error, setError] = useState("");
  const choose = (kind: FoundKind | null) => {
    setChosen(kind);
    setError("");
  };
  const lost = chosen === null ? [] : kindPatch(report, catalogue, chosen.id).lost;
  return (
    <Editor
      label={said.edit(said.named.type)}
      onClose={onClose}
      isStanding={isStanding}
      undo={isProductCorrected(report, "type") ? kindPatch(report, catalogue, null).patch : undefined}
      patch={() => {
        if (chosen === null) setError(said.askChoose);
        return chosen === null ? null : kindPatch(report, catalogue, chosen.id).patch;
      }}
    >
      <KindPicker {...{ catalogue, chosen, error }} text={present?.name ?? ""} onChoose={choose} />
      {lost.length > 0 && <Notice tone="warning">{said.askLost(wearNames(catalogue, lost))}</Notice>}
    </Editor>
  );
}

/** Chooses material, colour or pattern. */
export function AdjectiveEditor({ name, onClose }: { name: Exclude<Named, "type">; onClose: () => void }) {
  return <WithCatalogue>{(catalogue) => <AdjectiveForm {...{ name, catalogue, onClose }} />}</WithCatalogue>;
}

interface AdjectiveFormProps {
  readonly name: Exclude<Named, "type">;
  readonly catalogue: Catalogue;
  readonly onClose: () => void;
}

function AdjectiveForm({ name, catalogue, onClose }: AdjectiveFormProps) {
  const { words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const present = report.product![name] ?? UNKNOWN;
  const [value, setValue] = useState(present);
  const offered = withPresent(entriesOf(catalogue, name, report.product!.type), present);
  return (
    <Editor
      label={said.edit(said.named[name])}
      onClose={onClose}
      undo={isProductCorrected(report, name) ? { product: { [name]: null } } : undefined}
      patch={() => ({ product: { [name]: value } })}
    >
      <Field label={said.named[name]}>
        {(control) => (
          <select {...control} value={value} onChange={(event) => setValue(event.currentTarget.value)}>
            <option value={UNKNOWN}>{said.unknownChoice}</option>
            {offered.map((entry) => (
              <option key={entry.id} value={entry.id}>
                {entry.name}
              </option>
            ))}
          </select>
        )}
      </Field>
    </Editor>
  );
}

function entriesOf(catalogue: Catalogue, name: Exclude<Named, "type">, kind: string): Entry[] {
  if (name === "material") return choices(catalogue, kind, "materials");
  const entries = name === "colour" ? catalogue.colours : catalogue.patterns;
  return [...entries].sort((one, other) => one.name.localeCompare(other.name));
}

/** Add what the report says, which may be of an earlier catalogue. */
function withPresent(entries: Entry[], present: string): Entry[] {
  const isOffered = present === UNKNOWN || entries.some((entry) => entry.id === present);
  return isOffered ? entries : [{ id: present, name: spaced(present) }, ...entries];
}

function wearNames(catalogue: Catalogue, tags: readonly string[]): string {
  const names = new Map(catalogue.departments.flatMap((each) => each.wear.map((wear) => [wear.id, wear.name])));
  return tags.map((tag) => names.get(tag) ?? spaced(tag)).join(", ");
}

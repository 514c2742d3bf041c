/** What the thing is: its path, kind, material, colour and pattern, who says so, and each corrected in place. */
import { useWords } from "../i18n/index.ts";
import { departmentOf } from "./catalogue.ts";
import { isProductCorrected } from "./correction.ts";
import { Editable, useCatalogue, useEdited } from "./editing.tsx";
import { AdjectiveEditor, KindEditor } from "./fact-editors.tsx";
import { isNotAsked, type Named, NAMED, sourceOf, type Texts, wordOf } from "./texts.ts";

/** The facts of the card, with the words of `texts`. */
export function Facts({ texts }: { texts: Texts }) {
  const { language, words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const path = report.listing?.category?.path.split(" > ");
  return (
    <section class="facts">
      <h2>{said.facts}</h2>
      {path ? (
        // The taxonomy's own names are English.
        <Path steps={path} lang={language === "en" ? undefined : "en"} />
      ) : (
        !report.listing && <CataloguePath kind={report.product!.type} />
      )}
      <dl class="lines">
        {/* The model is not asked about what its catalogue lacks. */}
        {NAMED.filter((name) => (report.product?.[name] ?? null) !== null).map((name) => (
          <Fact key={name} name={name} texts={texts} />
        ))}
      </dl>
    </section>
  );
}

/** Department and kind, for a report of an earlier release, which has no listing. */
function CataloguePath({ kind }: { kind: string }) {
  const { catalogue } = useCatalogue();
  const department = catalogue && departmentOf(catalogue, kind);
  const found = department?.kinds.find((each) => each.id === kind);
  return department && found ? <Path steps={[department.name, found.name]} /> : null;
}

function Path({ steps, lang }: { steps: readonly string[]; lang?: string | undefined }) {
  const { words } = useWords();
  return (
    <p class="path soft small">
      <span class="unseen">{words.report.path}: </span>
      <span lang={lang}>
        {steps.map((step, at) => (
          <span key={step}>
            {at > 0 && <span aria-hidden="true"> › </span>}
            <span class="step">{step}</span>
          </span>
        ))}
      </span>
    </p>
  );
}

function Fact({ name, texts }: { name: Named; texts: Texts }) {
  const { language, words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const product = report.product!;
  const word = wordOf(texts.labels, name, product[name]);
  const source = sourceOf(report, name);
  // Nothing to choose from: such goods have no materials in the catalogue.
  const isFixed = name === "material" && isNotAsked(report) && !isProductCorrected(report, name);
  const unknown = name === "material" && isNotAsked(report) ? said.materialNotJudged : null;
  return (
    <div class="line">
      <dt>{said.named[name]}</dt>
      <dd>
        <Editable
          label={said.edit(said.named[name])}
          edit={(close) =>
            name === "type" ? <KindEditor onClose={close} /> : <AdjectiveEditor name={name} onClose={close} />
          }
          show={(button) => (
            <div class="value">
              <div class="value-text">
                {word === null ? (
                  <span class="soft">{unknown ?? texts.labels?.[name] ?? said.notRecognised}</span>
                ) : (
                  <bdi class="word" lang={texts.language === language ? undefined : texts.language}>
                    {word}
                  </bdi>
                )}{" "}
                {source && word !== null && (
                  <span class={source === "owner" ? "source source-owner" : "source"}>{said.sources[source]}</span>
                )}
                <Before name={name} />
              </div>
              {!isFixed && button}
            </div>
          )}
        />
      </dd>
    </div>
  );
}

/** What the report had said before the owner's correction. */
function Before({ name }: { name: Named }) {
  const { words } = useWords();
  const { report } = useEdited();
  if (!isProductCorrected(report, name)) return null;
  const { labels, product } = report.corrections!.original;
  const { materialNotJudged, notRecognised } = words.report;
  const none = name === "material" && isNotAsked(report) ? materialNotJudged : notRecognised;
  const word = wordOf(labels ?? null, name, product[name]) ?? none;
  return (
    <span class="before" lang={report.language}>
      {words.report.before(word)}
    </span>
  );
}

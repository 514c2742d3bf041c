/** The fields that marketplaces ask for, on demand. */
import { useWords } from "../i18n/index.ts";
import { useEdited } from "./editing.tsx";

const TRADES = ["ebay", "facebook", "google", "schema_org"] as const;

/** Category, conditions and item specifics; nothing for a report of an earlier release. */
export function ListingSection() {
  const { language, words } = useWords();
  const { report } = useEdited();
  const said = words.report;
  const { listing } = report;
  if (!listing) return null;
  const lang = language === "en" ? undefined : "en";
  return (
    <details class="listing">
      <summary>{said.listing}</summary>
      <div class="stack">
        <p class="soft small">{said.listingText}</p>
        <dl class="pairs">
          {listing.category && (
            <div>
              <dt>{said.categoryNumber(listing.category.number)}</dt>
              <dd lang={lang}>{listing.category.path}</dd>
            </div>
          )}
          {TRADES.map((trade) => (
            <div key={trade}>
              <dt>
                {said.condition} · {said.trade[trade]}
              </dt>
              <dd>{listing.condition[trade] ?? <span class="soft">{said.noTrade}</span>}</dd>
            </div>
          ))}
          {Object.entries(listing.specifics ?? {}).map(([name, value]) => (
            <div key={name}>
              {/* eBay's own names. */}
              <dt lang={lang}>{name}</dt>
              <dd>
                {value === null ? (
                  <span class="soft">{said.toFill}</span>
                ) : (
                  <bdi lang={report.language === language ? undefined : report.language}>{value}</bdi>
                )}
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </details>
  );
}

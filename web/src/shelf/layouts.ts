/** The files that importers of shops take, and the public documents that say which columns these have. */
export type Layout = "shopify" | "ebay" | "facebook";

interface Source {
  readonly layout: Layout;
  /** The importer's own name. */
  readonly name: string;
  /** The document of its columns, as its publisher calls it. */
  readonly document: string;
  readonly url: string;
}

// As services/analyze/exports/layouts.py has them.
export const LAYOUTS: readonly Source[] = [
  {
    layout: "shopify",
    name: "Shopify",
    document: "Using CSV files to import and export products",
    url: "https://help.shopify.com/en/manual/products/import-export/using-csv",
  },
  {
    layout: "ebay",
    name: "eBay",
    document: "Seller Hub Reports: Create new drafts",
    url: "https://pages.ebay.com/sh/reports/help/uploadable-file-feeds",
  },
  {
    layout: "facebook",
    name: "Meta (Facebook, Instagram)",
    document: "Commerce Manager: Catalog reference",
    url: "https://developers.facebook.com/documentation/ads-commerce/catalog/reference",
  },
];

"""The columns that importers take, as data; each layout names the documents that it follows.

A column without a value of ours is there for the seller to fill in. Google Merchant Center reads no commas:
its text files are separated by tabs, with the names of the `facebook` layout.
"""

from dataclasses import dataclass
from typing import Literal

from services.analyze.exports import cells
from services.analyze.exports.cells import Cell, PhotoCell

LayoutName = Literal["shopify", "ebay", "facebook"]


@dataclass(frozen=True)
class Column:
    """A column: its cell in the first row of an item, and its cell in the row of each photo."""

    name: str
    cell: Cell = cells.unknown
    photo: PhotoCell | None = None


@dataclass(frozen=True)
class Layout:
    """The columns in order, after rows of `preamble`. With cells of photos, each photo has a row.

    `sources` are the public documents, read on `as_of`.
    """

    sources: tuple[str, ...]
    as_of: str
    columns: tuple[Column, ...]
    preamble: tuple[tuple[str, ...], ...] = ()


# A product with one variant has the option "Title" of the value "Default Title"; a row beyond the first has
# the handle and an image. Its own taxonomy is not Google's, so "Product category" stays empty. The status is
# `draft`: price and stock are not known.
_SHOPIFY = Layout(
    sources=(
        "Shopify Help Center, Using CSV files to import and export products"
        " (https://help.shopify.com/en/manual/products/import-export/using-csv)",
        "its sample file, product_template.csv",
    ),
    as_of="2026-11-27",
    columns=(
        Column("Title", cells.title),
        Column("URL handle", cells.lower_id, lambda item, photo: cells.lower_id(item)),
        Column("Description", cells.html_description),
        Column("Vendor"),
        Column("Product category"),
        Column("Type", cells.word("type")),
        Column("Tags", cells.keywords),
        Column("Published on online store", cells.fixed("FALSE")),
        Column("Status", cells.fixed("draft")),
        Column("SKU", cells.report_id),
        Column("Barcode"),
        Column("Option1 name", cells.fixed("Title")),
        Column("Option1 value", cells.fixed("Default Title")),
        Column("Price"),
        Column("Product image URL", photo=cells.photo_link),
        Column("Image position", photo=cells.photo_number),
        Column("Image alt text", photo=cells.photo_text),
        Column("Google Shopping / Google product category", cells.category(lambda category: category.number)),
        Column("Google Shopping / Condition", cells.condition(lambda condition: condition.google)),
    ),
)

# Titles have 80 characters at most, photos stand between bars. The category is a number of eBay's own. The
# importer ignores columns that it does not know; item specifics are those whose name begins with "C:".
_EBAY = Layout(
    sources=(
        "eBay Seller Hub Reports, Create new drafts template, version 0.0.2"
        " (https://pages.ebay.com/sh/reports/help/uploadable-file-feeds)",
        "eBay File Exchange Advanced Template Instructions, version 3.5.4, October 2015",
    ),
    as_of="2026-11-27",
    preamble=(("#INFO", "Version=0.0.2", "Template= eBay-draft-listings-template_US", *[""] * 8),),
    columns=(
        Column("Action(SiteID=US|Country=US|Currency=USD|Version=1193|CC=UTF-8)", cells.fixed("Draft")),
        Column("Custom label (SKU)", cells.report_id),
        Column("Category ID"),
        Column("Title", cells.short_title(80)),
        Column("UPC"),
        Column("Price"),
        Column("Quantity"),
        Column("Item photo URL", cells.photo_links("|")),
        Column("Condition ID", cells.condition(lambda condition: condition.ebay)),
        Column("Description", cells.html_description),
        Column("Format"),
        Column("C:Brand"),
        Column("C:Type", cells.word("type")),
        Column("C:Color", cells.word("colour")),
        Column("C:Material", cells.word("material")),
        Column("C:Pattern", cells.word("pattern")),
    ),
)

# A list of additional images has 2,000 characters at most.
_FACEBOOK = Layout(
    sources=(
        "Meta for Developers, Reference - Catalog, updated 22 April 2026"
        " (https://developers.facebook.com/documentation/ads-commerce/catalog/reference)",
        "the template of Commerce Manager",
    ),
    as_of="2026-11-27",
    columns=(
        Column("id", cells.report_id),
        Column("title", cells.title),
        Column("description", cells.description),
        Column("availability"),
        Column("condition", cells.condition(lambda condition: condition.facebook)),
        Column("price"),
        Column("link"),
        Column("image_link", cells.first_photo),
        Column("brand"),
        Column("google_product_category", cells.category(lambda category: category.number)),
        Column("additional_image_link", cells.photo_links(",", after=1, most=2000)),
        Column("color", cells.word("colour")),
        Column("size"),
        Column("material", cells.word("material")),
        Column("pattern", cells.word("pattern")),
        Column("product_tags[0]", cells.keyword(0)),
        Column("product_tags[1]", cells.keyword(1)),
    ),
)

LAYOUTS: dict[LayoutName, Layout] = {"shopify": _SHOPIFY, "ebay": _EBAY, "facebook": _FACEBOOK}

"""What the cells of the layouts hold: texts of a report, and of one of its photos. None: not known."""

import html
from collections.abc import Callable
from dataclasses import dataclass

from services.analyze.documents import Photo, Report
from services.analyze.exports.texts import Named, Texts
from services.core.domain.listing import Category, TradeCondition
from services.core.domain.report import Product


@dataclass(frozen=True)
class Item:
    """A succeeded report, and its texts in the language of the file."""

    report: Report
    product: Product
    texts: Texts


# The full-width forms are the same to spreadsheets of East Asian languages.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Cell = Callable[[Item], str | None]
PhotoCell = Callable[[Item, Photo], str | None]


def harmless(cell: str | None) -> str:
    """The cell's text, with an apostrophe before what a spreadsheet would run as a formula."""
    text = cell or ""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def fixed(text: str) -> Cell:
    """The same text for each item."""
    return lambda item: text


def unknown(item: Item) -> None:
    """Nothing: the seller's to fill in."""
    return


def report_id(item: Item) -> str:
    """The report's id."""
    return item.report.id


def lower_id(item: Item) -> str:
    """The report's id in lower case, as the part of an address."""
    return item.report.id.lower()


def title(item: Item) -> str:
    """The title."""
    return item.texts.title


def short_title(most: int) -> Cell:
    """The title in at most so many characters, cut between words where it has any."""

    def cell(item: Item) -> str:
        # The apostrophe counts too.
        text = harmless(item.texts.title)
        if len(text) <= most:
            return text
        cut = text[: most + 1].rpartition(" ")[0].rstrip(" ,;:-–—")
        return cut or text[:most]

    return cell


def description(item: Item) -> str:
    """The description as plain text."""
    return item.texts.description


def html_description(item: Item) -> str:
    """The description as HTML that shows the same text, in one line."""
    lines = html.escape(item.texts.description, quote=False).splitlines()
    return f"<p>{'<br>'.join(lines)}</p>" if lines else ""


def keywords(item: Item) -> str:
    """The keywords, separated by commas."""
    return ", ".join(word.replace(",", " ") for word in item.texts.keywords)


def keyword(number: int) -> Cell:
    """One of the keywords, counted from 0."""
    return lambda item: item.texts.keywords[number] if number < len(item.texts.keywords) else None


def word(name: Named) -> Cell:
    """The word for one of the product's codes."""
    return lambda item: item.texts.word(item.product, name)


def category(of: Callable[[Category], object]) -> Cell:
    """A field of the category in Google's taxonomy."""

    def cell(item: Item) -> str | None:
        listing = item.report.listing
        return str(of(listing.category)) if listing is not None and listing.category is not None else None

    return cell


def condition(of: Callable[[TradeCondition], object]) -> Cell:
    """The condition in the words of one marketplace; None where it has none for what the photos show."""

    def cell(item: Item) -> str | None:
        found = of(item.report.listing.condition) if item.report.listing is not None else None
        return None if found is None else str(found)

    return cell


def photo_links(separator: str, *, after: int = 0, most: int | None = None) -> Cell:
    """Links to the photos after the first `after`: as many whole ones as `most` characters hold."""

    def cell(item: Item) -> str:
        links = [photo.url for photo in item.report.photos[after:]]
        while most is not None and len(separator.join(links)) > most:
            links.pop()
        return separator.join(links)

    return cell


def first_photo(item: Item) -> str | None:
    """The link to the first photo."""
    return item.report.photos[0].url if item.report.photos else None


def photo_link(item: Item, photo: Photo) -> str:
    """The link to the photo."""
    return photo.url


def photo_number(item: Item, photo: Photo) -> str:
    """The number of the photo, from 1."""
    return str(photo.number)


def photo_text(item: Item, photo: Photo) -> str:
    """What the photo shows, for those who do not see it; "photo" is the word of both languages."""
    return f"{item.texts.title} (photo {photo.number})"

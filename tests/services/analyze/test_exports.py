"""Files for the importers of shops: columns and values as the importers' public documents have them."""

import csv
import re
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from services.analyze.documents import Report
from services.analyze.exports.layouts import LAYOUTS, LayoutName
from services.analyze.exports.table import file_name, write_table
from services.core.domain.report import Product, Status
from services.core.domain.trade.conditions import trade_condition
from tests.services.analyze.conftest import World
from tests.services.analyze.reports import ID, LINK, not_assessed, older_report, report

DOCUMENTS = tomllib.loads(Path(__file__).with_name("importers.toml").read_text("utf-8"))

Jpeg = Callable[..., bytes]


def table(layout: LayoutName, *reports: Report, language: Any = None) -> list[dict[str, str]]:
    """The rows by the names of their columns, as a reader of RFC 4180 sees them."""
    text = write_table(LAYOUTS[layout], reports, language)
    lines = list(csv.reader(StringIO(text, newline=""), strict=True))
    names = lines[len(LAYOUTS[layout].preamble)]
    rows = lines[len(LAYOUTS[layout].preamble) + 1 :]
    return [dict(zip(names, row, strict=True)) for row in rows]


def documented(layout: LayoutName) -> list[str]:
    """The columns of the importer's own template."""
    return [name.strip() for name in DOCUMENTS[layout]["header"].split(",")]


def columns(layout: LayoutName) -> list[str]:
    return [column.name for column in LAYOUTS[layout].columns]


class TestShopify:
    """Products with one row, and a row for each further photo."""

    def test_columns_are_of_the_template(self) -> None:
        assert set(columns("shopify")) <= set(documented("shopify"))

    def test_row_has_the_products_fields(self) -> None:
        first, second = table("shopify", report())
        assert first == {
            "Title": "Blue ceramic mug",
            "URL handle": ID.lower(),
            "Description": "<p>A mug with a chip.<br>See photo 1.</p>",
            "Vendor": "",
            "Product category": "",
            "Type": "mug",
            "Tags": "mug, blue mug, ceramic",
            "Published on online store": "FALSE",
            "Status": "draft",
            "SKU": ID,
            "Barcode": "",
            "Option1 name": "Title",
            "Option1 value": "Default Title",
            "Price": "",
            "Product image URL": LINK.format(1),
            "Image position": "1",
            "Image alt text": "Blue ceramic mug (photo 1)",
            "Google Shopping / Google product category": "2169",
            "Google Shopping / Condition": "used",
        }
        assert {name: value for name, value in second.items() if value} == {
            "URL handle": ID.lower(),
            "Product image URL": LINK.format(2),
            "Image position": "2",
            "Image alt text": "Blue ceramic mug (photo 2)",
        }

    def test_report_without_photos_keeps_its_handle(self) -> None:
        (row,) = table("shopify", report(photos=()))
        assert (row["URL handle"], row["Product image URL"]) == (ID.lower(), "")


class TestEbay:
    """Drafts, one row each."""

    def test_template_opens_the_file(self) -> None:
        info, names, _ = write_table(LAYOUTS["ebay"], [report()]).split("\r\n", 2)
        assert info == DOCUMENTS["ebay"]["info"]
        template = documented("ebay")
        assert names.split(",")[: len(template)] == template
        # Item specifics are further columns.
        assert all(name.startswith("C:") for name in names.split(",")[len(template) :])

    def test_row_has_the_drafts_fields(self) -> None:
        (row,) = table("ebay", report())
        assert list(row.values()) == [
            *("Draft", ID, "", "Blue ceramic mug", "", "", ""),
            f"{LINK.format(1)}|{LINK.format(2)}",
            *("3000", "<p>A mug with a chip.<br>See photo 1.</p>", ""),
            *("", "mug", "blue", "ceramic", "striped"),
        ]

    @pytest.mark.parametrize("title", ["word " * 24, "w" * 120, "e" * 78 + " " + "f" * 40])
    def test_title_fits(self, title: str) -> None:
        (row,) = table("ebay", report(title=title.strip()))
        assert 0 < len(row["Title"]) <= DOCUMENTS["ebay"]["title"]
        assert title.startswith(row["Title"])
        assert not row["Title"].endswith(" ")

    def test_formula_as_a_title_fits(self) -> None:
        (row,) = table("ebay", report(title="=" + "w" * 79))
        assert row["Title"] == "'=" + "w" * 78


class TestFacebook:
    """Items of a catalogue, one row each."""

    def test_columns_are_of_the_template(self) -> None:
        required = DOCUMENTS["facebook"]["required"]
        assert columns("facebook")[:required] == documented("facebook")[:required]
        assert set(columns("facebook")) <= set(documented("facebook"))

    def test_row_has_the_items_fields(self) -> None:
        (row,) = table("facebook", report())
        assert {name: value for name, value in row.items() if value} == {
            "id": ID,
            "title": "Blue ceramic mug",
            "description": "A mug with a chip.\nSee photo 1.",
            "condition": "used_good",
            "image_link": LINK.format(1),
            "google_product_category": "2169",
            "additional_image_link": LINK.format(2),
            "color": "blue",
            "material": "ceramic",
            "pattern": "striped",
            "product_tags[0]": "mug",
            "product_tags[1]": "blue mug",
        }

    def test_additional_links_fit_whole(self) -> None:
        long = "https://images.example/photos/{}.jpg?X-Amz-Security-Token=" + "t" * 900
        photos = [
            {**shot.model_dump(), "number": number, "url": long.format(number)}
            for number, shot in enumerate([report().photos[0]] * 5, 1)
        ]
        (row,) = table("facebook", report(photos=photos))
        assert row["image_link"] == long.format(1)
        assert row["additional_image_link"] == ",".join(long.format(number) for number in (2, 3))
        assert len(row["additional_image_link"]) <= DOCUMENTS["facebook"]["additional_image_link"]


@pytest.mark.parametrize("layout", get_args(LayoutName))
class TestEveryLayout:
    """What holds for each of them."""

    def test_layout_names_its_sources(self, layout: LayoutName) -> None:
        assert LAYOUTS[layout].sources
        assert datetime.fromisoformat(LAYOUTS[layout].as_of)

    def test_older_report_is_exported(self, layout: LayoutName) -> None:
        (row, *_) = table(layout, older_report())
        assert "Blue ceramic mug" in row.values()
        # Ids of the catalogue are English words.
        assert "mug" in row.values() or "ceramic" in row.values()

    def test_older_french_report_has_no_english_words(self, layout: LayoutName) -> None:
        (row, *_) = table(layout, older_report(language="fr", title="Tasse"))
        assert not {"mug", "ceramic", "blue", "striped"} & set(row.values())

    def test_unknown_is_an_empty_cell(self, layout: LayoutName) -> None:
        unknown = Product(type="unknown", material="unknown", colour="unknown", pattern=None)
        text = write_table(LAYOUTS[layout], [report(product=unknown)])
        assert "unknown" not in text.lower()
        (row, *_) = table(layout, report(product=unknown, keywords=(), title="Item"))
        assert not {"mug", "ceramic", "blue", "striped"} & set(row.values())

    def test_not_assessed_condition_claims_nothing(self, layout: LayoutName) -> None:
        listing = report().listing
        assert listing is not None
        assert listing.category is not None
        used = trade_condition(not_assessed(), listing.category.path)
        listed = listing.model_copy(update={"condition": used})
        (row, *_) = table(layout, report(condition=not_assessed(), listing=listed))
        said = {"shopify": "used", "ebay": "", "facebook": "used"}
        assert [row[name] for name in row if "ondition" in name] == [said[layout]]

    def test_sellers_cells_are_empty(self, layout: LayoutName) -> None:
        (row, *_) = table(layout, report())
        sellers = {
            "price",
            "vendor",
            "brand",
            "c:brand",
            "size",
            "barcode",
            "upc",
            "quantity",
            "link",
            "availability",
        }
        assert {row[name] for name in row if name.lower() in sellers} == {""}

    def test_only_succeeded_reports_are_exported(self, layout: LayoutName) -> None:
        empty = {"product": None, "condition": None, "title": None, "description": None}
        others = [report(status=status, **empty) for status in (Status.QUEUED, Status.RUNNING, Status.FAILED)]
        assert table(layout, *others) == []

    def test_language_picks_the_texts(self, layout: LayoutName) -> None:
        (row, *_) = table(layout, report(), language="fr")
        assert "Tasse en céramique bleue" in row.values()
        assert "Blue ceramic mug" not in row.values()
        (own, *_) = table(layout, older_report(), language="fr")
        assert "Blue ceramic mug" in own.values()

    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
    def test_no_cell_is_a_formula(self, layout: LayoutName, text: str) -> None:
        hostile = report(title=text, description=text, keywords=(text, text), labels=None)
        for row in table(layout, hostile):
            for cell in row.values():
                assert not cell.lstrip(" ").startswith(
                    ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
                )

    @pytest.mark.parametrize(
        "text", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1"]
    )
    def test_formula_becomes_text(self, layout: LayoutName, text: str) -> None:
        (row, *_) = table(layout, report(title=text))
        assert f"'{text}" in row.values()

    def test_description_in_html_is_text(self, layout: LayoutName) -> None:
        (row, *_) = table(layout, report(description="<script>a</script> & b\n=1"))
        found = row.get("Description", row.get("description"))
        as_html = "<p>&lt;script&gt;a&lt;/script&gt; &amp; b<br>=1</p>"
        assert found == ("<script>a</script> & b\n=1" if layout == "facebook" else as_html)

    def test_lines_end_as_rfc_4180_asks(self, layout: LayoutName) -> None:
        text = write_table(LAYOUTS[layout], [report(title='a "b", c', description="one")])
        assert text.endswith("\r\n")
        assert text.count("\n") == text.count("\r\n")
        assert '"a ""b"", c"' in text
        assert not text.startswith("\ufeff")


def test_file_name_has_day_and_end_of_links() -> None:
    now = datetime(2026, 11, 27, 10, 15, tzinfo=UTC)
    assert file_name("ebay", [report()], now) == "vitrine-ebay-2026-11-27-photos-until-1025Z.csv"
    assert file_name("ebay", [report(photos=())], now) == "vitrine-ebay-2026-11-27.csv"


class TestRoute:
    """GET /reports?format=csv."""

    @pytest.fixture
    def posted(self, client: TestClient, jpeg: Jpeg) -> list[str]:
        """The ids of three reports, newest first."""
        ids = [client.post("/analyze", files={"images": jpeg(shade)}).json()["id"] for shade in (1, 2, 3)]
        return ids[::-1]

    def test_answer_is_a_csv_file(self, client: TestClient, posted: list[str]) -> None:
        answer = client.get("/reports", params={"format": "csv", "layout": "facebook"})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
        assert answer.headers["cache-control"] == "no-store"
        until = r"attachment; filename=\"vitrine-facebook-\d{4}-\d\d-\d\d-photos-until-\d{4}Z\.csv\""
        assert re.fullmatch(until, answer.headers["content-disposition"])
        rows = list(csv.DictReader(StringIO(answer.text, newline="")))
        assert [row["id"] for row in rows] == posted

    def test_pages_follow_links(self, client: TestClient, posted: list[str]) -> None:
        url, found = "/reports?format=csv&layout=facebook&limit=2&language=fr", []
        while url:
            answer = client.get(url)
            found.append([row["id"] for row in csv.DictReader(StringIO(answer.text, newline=""))])
            url = answer.links["next"]["url"] if answer.links else ""
            assert not url or "language=fr" in url
        assert found == [posted[:2], posted[2:]]

    def test_real_report_fills_the_shops_fields(self, client: TestClient, jpeg: Jpeg) -> None:
        made = client.post("/analyze", files={"images": jpeg()}, data={"languages": "en,fr"}).json()
        answer = client.get("/reports", params={"format": "csv", "layout": "facebook", "language": "fr"})
        (row,) = csv.DictReader(StringIO(answer.text, newline=""))
        assert row["title"] == made["translations"]["fr"]["title"] != made["title"]
        assert row["condition"] == made["listing"]["condition"]["facebook"] is not None
        assert row["google_product_category"] == str(made["listing"]["category"]["number"])
        assert row["material"] == "céramique"

    def test_link_agrees_with_next(self, client: TestClient, posted: list[str]) -> None:
        answer = client.get("/reports", params={"limit": 1})
        following = client.get(answer.links["next"]["url"]).json()
        assert answer.json()["next"] == posted[0]
        assert following["reports"][0]["id"] == posted[1]

    def test_failed_reports_are_left_out(self, client: TestClient, world: World, jpeg: Jpeg) -> None:
        world.status, world.body = 424, b'{"__type": "ModelError", "OriginalStatusCode": 422}'
        assert client.post("/analyze", files={"images": jpeg()}).status_code == 502
        answer = client.get("/reports", params={"format": "csv"})
        assert list(csv.DictReader(StringIO(answer.text, newline=""))) == []

    def test_other_users_reports_are_not_exported(self, client: TestClient, posted: list[str]) -> None:
        mallory = {"Authorization": "Bearer token-of-mallory"}
        answer = client.get("/reports", params={"format": "csv"}, headers=mallory)
        assert not any(each.lower() in answer.text.lower() for each in posted)

    @pytest.mark.parametrize(
        ("parameter", "value", "allowed"),
        [("format", "xlsx", "'csv'"), ("layout", "etsy", "'shopify'"), ("language", "de", "'fr'")],
    )
    def test_unknown_value_is_refused(
        self, client: TestClient, parameter: str, value: str, allowed: str
    ) -> None:
        problem = client.get("/reports", params={"format": "csv", parameter: value})
        assert problem.status_code == 422
        assert problem.json()["field"] == parameter
        assert allowed in problem.json()["detail"]

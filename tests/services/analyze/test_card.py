"""The card of a report: valid HTML without scripts that says what the report says, with any texts."""

import itertools
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from catalogue.model import Language
from services.analyze.card.page import card_page
from services.analyze.card.words import card_words
from services.analyze.documents import Report
from services.core.domain.failure import Failure
from services.core.domain.listing import Labels
from services.core.domain.report import (
    Condition,
    ConditionCorrection,
    Corrections,
    Grade,
    Original,
    Product,
    ProductCorrection,
    Reason,
    Reliance,
    Status,
    Wear,
)
from tests.services.analyze.conftest import World
from tests.services.analyze.reports import ID, LINK, not_assessed, older_report, report

Jpeg = Callable[..., bytes]
HTML = {"Accept": "text/html"}
# Of a script that runs, an image that leads elsewhere, and text that turns its neighbours round.
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    "</style></title></textarea><svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnp.exe\u2066",
    "w" * 5000,
    "a\x00b\x1b[31m",
    "javascript:alert(1)",
]


TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "section", "footer", "h1", "h2", "h3", "p"),
    *("dl", "dt", "dd", "ul", "li", "div", "figure", "img", "figcaption", "bdi", "span"),
}


def parsed(shown: Report) -> Element:
    """The page's tree; fails for a page that breaks a rule of HTML's syntax."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree: Element = parser.parse(page(shown))
    return tree


def page(shown: Report) -> str:
    return bytes(card_page(shown, {}).body).decode()


def words_of(element: Element) -> str:
    return " ".join(" ".join(element.itertext()).split())


def section(tree: Element, heading: str) -> str:
    """The words of the section with this heading."""
    for each in tree.iter("section"):
        if words_of(each.find("h2")) == heading:  # type: ignore[arg-type]
            return words_of(each)
    raise AssertionError(f"no section {heading!r}")


class TestContent:
    """What a reader finds."""

    def test_title_and_facts_are_shown(self) -> None:
        tree = parsed(report())
        assert words_of(next(tree.iter("h1"))) == "Blue ceramic mug"
        names = [words_of(each) for each in tree.iter("dt")]
        values = [words_of(each) for each in tree.iter("dd")]
        assert dict(zip(names, values, strict=True)) == {
            "Category": "Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs",
            "Type": "mug",
            "Material": "ceramic",
            "Colour": "blue",
            "Pattern": "striped",
        }

    def test_condition_says_points_by_mark(self) -> None:
        shown = section(parsed(report()), "Condition")
        assert "good · 9 out of 10" in shown
        assert "chip, minor, top left · Photo 1 · −1 of 10" in shown

    def test_marks_are_listed_by_photo(self) -> None:
        first, second = parsed(report()).iter("figure")
        assert words_of(first) == "Photo 1 chip, minor, top left"
        assert words_of(second) == "Photo 2"

    @pytest.mark.parametrize("language", ["en", "fr"])
    def test_what_was_not_asked_is_not_judged(self, language: Language) -> None:
        shown = report(
            product=Product(type="mug", material="unknown"),
            condition=not_assessed(),
            confidence=Reliance(level="low", reasons=(Reason.NOT_ASKED,)),
            language=language,
        )
        words, tree = card_words()[language], parsed(shown)
        assert words.condition_not_judged in section(tree, words.condition)
        assert words.material_not_judged in [words_of(each) for each in tree.iter("dd")]
        assert words.not_assessed not in page(shown)

    def test_photos_have_links_sizes_and_alt_texts(self) -> None:
        first, second = parsed(report()).iter("img")
        assert (first.get("src"), first.get("width"), first.get("height")) == (LINK.format(1), "640", "480")
        assert first.get("alt") == "Photo 1 of Blue ceramic mug – chip, minor, top left"
        assert second.get("alt") == "Photo 2 of Blue ceramic mug"

    def test_each_language_has_its_texts(self) -> None:
        tree = parsed(report())
        assert "See photo 1." in section(tree, "English")
        french = section(tree, "Français")
        assert "Tasse en céramique bleue" in french
        assert "Mots-clés : tasse, céramique" in french
        assert [each.get("lang") for each in tree.iter("section") if each.get("lang")] == ["en", "fr"]

    def test_card_speaks_the_reports_language(self) -> None:
        tree = parsed(older_report(language="fr", title="Tasse"))
        assert tree.get("lang") == "fr"
        assert "9 sur 10" in section(tree, "État")

    def test_what_is_unsure_is_said_with_why(self) -> None:
        shown = section(parsed(report()), "How far to rely on it")
        assert "Medium: something was not clear." in shown
        assert "Some kinds of wear could not be judged." in shown
        assert "Is it stained? no, 60 % sure; the report does not state it." in shown

    def test_not_assessed_condition_has_no_grade(self) -> None:
        shown = section(parsed(report(condition=not_assessed())), "Condition")
        assert shown == "Condition Not assessed: the photos do not show enough to judge it."

    def test_assessed_condition_without_marks_says_so(self) -> None:
        clean = Condition(score=10, grade=Grade.EXCELLENT, wear=())
        assert "No marks on record." in section(parsed(report(condition=clean)), "Condition")

    def test_unknown_product_reads_as_not_recognised(self) -> None:
        unknown = Product(type="unknown", material="unknown")
        values = [words_of(each) for each in parsed(older_report(product=unknown)).iter("dd")]
        assert values == ["not recognised", "not recognised"]

    def test_not_recognised_agrees_in_french(self) -> None:
        labels = Labels(type="non reconnu", material="non reconnue", grade="bon")
        unknown = Product(type="unknown", material="unknown")
        shown = report(product=unknown, labels=labels, listing=None, language="fr", translations={})
        assert [words_of(each) for each in parsed(shown).iter("dd")] == ["non reconnu", "non reconnue"]

    def test_photos_are_not_said_to_be_judged(self) -> None:
        # Those with a flaw are left out while others have none.
        blurred = Reliance(level="medium", reasons=(Reason.BLURRED,))
        assert "Photos: 2. Model: demo-000000000000." in words_of(parsed(report(confidence=blurred)))

    def test_older_report_has_a_card(self) -> None:
        shown = words_of(parsed(older_report()))
        assert "chip, minor, top left" in shown
        assert "wear uncertain" in shown

    def test_corrections_are_marked(self) -> None:
        made = report()
        assert made.product is not None
        assert made.condition is not None
        original = Original(
            product=made.product.model_copy(update={"material": "glass"}),
            condition=made.condition,
            title="Mug",
            description="A mug.",
            caption=None,
            narrative="template",
        )
        stained = Condition(
            score=8,
            grade=Grade.GOOD,
            wear=(Wear(tag="water_stain", photo=None, confidence=1.0, points=2, source="owner"),),
            source="owner",
        )
        tree = parsed(
            report(
                condition=stained,
                corrections=Corrections(
                    product=ProductCorrection(material="ceramic"),
                    condition=ConditionCorrection(wear=("water_stain",)),
                    title="Blue ceramic mug",
                    description=None,
                    corrected_at=datetime(2026, 11, 27, 11, tzinfo=UTC),
                    original=original,
                ),
            )
        )
        shown = words_of(tree)
        assert "ceramic stated by the owner Before the owner's corrections: glass" in shown
        assert "Before the owner's corrections: Mug" in shown
        assert "water stain · −2 of 10 stated by the owner" in shown
        assert "Before the owner's corrections: 9 out of 10 · chip" in shown
        assert "Before the owner's corrections: A mug." not in shown
        assert "Corrected by the owner 2026-11-27 11:00 UTC." in shown

    def test_what_was_said_before_is_in_the_cards_language(self, client: TestClient, jpeg: Jpeg) -> None:
        made = client.post("/analyze", files={"images": jpeg()}, data={"languages": "fr"}).json()
        patch = {"product": {"type": "vase", "material": "glass"}, "condition": {"wear": ["crack"]}}
        client.patch(f"/reports/{made['id']}", json=patch)
        answer = client.get(f"/reports/{made['id']}", headers=HTML)
        shown = words_of(html5lib.HTMLParser(namespaceHTMLElements=False).parse(answer.text))
        before = "indiqué par le propriétaire Avant les corrections du propriétaire :"
        for text in (f"vase {before} tasse", f"verre {before} céramique", "8 sur 10 · ébréchure"):
            assert text in shown
        assert "Fiabilité Avant les corrections du propriétaire : Élevée" in shown


class TestState:
    """Reports without a result."""

    EMPTY = {"product": None, "condition": None, "title": None, "description": None}  # noqa: RUF012

    def test_unfinished_report_says_why(self) -> None:
        tree = parsed(report(status=Status.QUEUED, waiting="the endpoint is paused", **self.EMPTY))
        assert words_of(next(tree.iter("h1"))) == "This report is not ready"
        assert "the endpoint is paused" in words_of(tree)

    def test_failed_report_says_why(self) -> None:
        failure = Failure(code="model_fault", reason="the model <failed>")
        tree = parsed(report(status=Status.FAILED, failure=failure, photos=(), language="fr", **self.EMPTY))
        assert words_of(next(tree.iter("h1"))) == "Il n'y a pas de rapport"
        assert "the model <failed>" in words_of(tree)


class TestSafety:
    """Texts come from an LLM, a model and a client: none of them writes HTML."""

    @staticmethod
    def filled(text: str) -> Report:
        made = report()
        assert made.labels is not None
        assert made.product is not None
        assert made.condition is not None
        words = dict.fromkeys(("chip", "minor", "top_left", "wear_uncertain"), text)
        labels = made.labels.model_copy(
            update={"type": text, "grade": text, "wear": words, "severities": words, "reasons": words}
        )
        original = Original(
            product=made.product,
            condition=made.condition,
            title=text,
            description=text,
            caption=text,
            narrative="llm",
            labels=labels,
        )
        corrections = Corrections(
            product=ProductCorrection(type="vase"),
            condition=ConditionCorrection(score=9),
            title=text,
            description=text,
            corrected_at=made.created_at,
            original=original,
        )
        return report(title=text, description=text, keywords=(text,), labels=labels, corrections=corrections)

    def check(self, text: str) -> None:
        tree = parsed(self.filled(text))
        for element in tree.iter():
            assert element.tag in TAGS
            assert not [name for name in element.attrib if name.startswith("on") or name == "style"]
        assert [each.get("src") for each in tree.iter("img")] == [LINK.format(1), LINK.format(2)]

    @pytest.mark.parametrize("text", HOSTILE)
    def test_hostile_text_stays_text(self, text: str) -> None:
        self.check(text)
        readable = re.sub(r"[\x00-\x1f]", "", text)
        assert readable in words_of(parsed(self.filled(text)))

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
    @settings(max_examples=40)  # a page each
    def test_any_text_stays_text(self, text: str) -> None:
        self.check(text)

    def test_directions_of_texts_are_isolated(self) -> None:
        tree = parsed(self.filled("\u202eabc"))
        isolated = sum(words_of(each).count("\u202e") for each in tree.iter("bdi"))
        in_title = words_of(next(tree.iter("title"))).count("\u202e")
        assert words_of(tree).count("\u202e") == isolated + in_title

    def test_policy_allows_style_and_photos_alone(self) -> None:
        answer = card_page(report(), {})
        tree = parsed(report())
        style = next(tree.iter("style")).text or ""
        digest = b64encode(sha256(style.encode()).digest()).decode()
        policy = dict(
            part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
        )
        assert policy == {
            "default-src": "'none'",
            "style-src": f"'sha256-{digest}'",
            "img-src": "https://images.example",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
        kept = next(each for each in tree.iter("meta") if each.get("http-equiv") == "Content-Security-Policy")
        assert answer.headers["content-security-policy"] == f"{kept.get('content')}; frame-ancestors 'none'"

    def test_page_without_photos_loads_none(self) -> None:
        assert "img-src 'none'" in card_page(report(photos=()), {}).headers["content-security-policy"]


class TestForm:
    """Structure, contrast and print."""

    def test_headings_descend_by_one(self) -> None:
        levels = [int(each.tag[1]) for each in parsed(report()).iter() if re.fullmatch(r"h\d", str(each.tag))]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels))

    def test_page_needs_nothing_from_elsewhere(self) -> None:
        text = page(report())
        assert not re.search(r"@import|url\(|<link|<script", text)

    def test_print_has_a_page_size(self) -> None:
        style = next(parsed(report()).iter("style")).text or ""
        assert re.search(r"@page\s*{[^}]*size:\s*A4", style)
        assert "@media print" in style

    def test_words_have_both_languages(self) -> None:
        english, french = card_words()["en"], card_words()["fr"]
        for name, text in english:
            gaps = re.findall(r"{(\w+)}", text)
            assert re.findall(r"{(\w+)}", getattr(french, name)) == gaps, name


class TestRoute:
    """GET /reports/{id} for a client that prefers HTML."""

    @pytest.fixture
    def posted(self, client: TestClient, jpeg: Jpeg) -> str:
        return str(client.post("/analyze", files={"images": jpeg()}).json()["id"])

    def test_card_is_answered_with_its_headers(self, client: TestClient, posted: str) -> None:
        answer = client.get(f"/reports/{posted}", headers=HTML)
        expected: dict[str, Any] = {
            "content-type": "text/html; charset=utf-8",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "vary": "Accept",
        }
        assert (answer.status_code, {name: answer.headers[name] for name in expected}) == (200, expected)
        assert posted in answer.text

    def test_real_report_shows_both_languages(self, client: TestClient, jpeg: Jpeg) -> None:
        made = client.post("/analyze", files={"images": jpeg()}, data={"languages": "fr,en"}).json()
        answer = client.get(f"/reports/{made['id']}", headers=HTML)
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(answer.text)
        assert made["description"] in section(tree, "Français")
        assert made["translations"]["en"]["description"] in section(tree, "English")

    def test_json_stays_for_other_clients(self, client: TestClient, posted: str) -> None:
        for accept in ("*/*", "application/json", "text/html;q=0.1, application/json"):
            answer = client.get(f"/reports/{posted}", headers={"Accept": accept})
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["vary"] == "Accept"

    def test_unfinished_report_is_a_page_too(self, client: TestClient, world: World, jpeg: Jpeg) -> None:
        world.open.clear()
        accepted = client.post("/analyze", files={"images": jpeg()}, headers={"Prefer": "respond-async"})
        answer = client.get(accepted.headers["location"], headers={**HTML, "Prefer": "wait=0"})
        world.open.set()
        assert answer.status_code == 200
        assert "This report is not ready" in answer.text
        assert answer.headers["retry-after"]
        assert answer.headers["preference-applied"] == "wait=0"

    def test_missing_report_is_a_problem(self, client: TestClient) -> None:
        answer = client.get(f"/reports/{ID}", headers=HTML)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")

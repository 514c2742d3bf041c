"""The example's Markdown and pictures, from made answers."""

from xml.etree import ElementTree

import pytest

from planning.page.picture import picture
from planning.page.worked_example import WorkedExample
from tests.planning.page.plans import BUCKET, QUESTIONS, plan

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def example() -> WorkedExample:
    return WorkedExample(plan().sections)


def test_document_has_every_answer(example: WorkedExample) -> None:
    lines = example.document().splitlines()
    headings = [line for line in lines if line.startswith("### ")]
    assert headings == [*(f"### {question}" for question, _ in QUESTIONS.values()), "### What it rests on"]
    assert "![The bucket grows to 180 GB.](figures/plan-bucket.svg)" in lines
    assert lines.count("| load balancer | 1 | 18.07 |") == len(QUESTIONS)


def test_each_note_stands_once(example: WorkedExample) -> None:
    assert example.document().count("- Montréal is assumed") == 1


def test_summary_has_a_row_for_each_question(example: WorkedExample) -> None:
    _, _, *rows = example.summary().splitlines()
    assert rows == [
        *(f"| {question} | Montréal it is. |" for question, _ in QUESTIONS.values()),
        "",
        "![The bucket grows to 180 GB.](docs/figures/plan-bucket.svg)",
    ]


def test_every_linked_picture_is_made(example: WorkedExample) -> None:
    pictures, text = example.pictures(), example.document()
    assert set(pictures) == {f"plan-{chart.name}.svg" for _, chart in QUESTIONS.values()}
    assert all(f"(figures/{name})" in text for name in pictures)


def test_picture_stands_alone() -> None:
    text = picture(BUCKET)
    root = ElementTree.fromstring(text)  # noqa: S314 - ours
    assert root.tag == f"{SVG}svg"
    assert root.get("aria-label") == BUCKET.alt
    titles = [one.text for one in root.iter(f"{SVG}text") if one.get("class") == "title"]
    assert titles == [BUCKET.title]
    used = {word.partition(")")[0] for word in text.split("var(")[1:]}
    defined = {line.strip().partition(":")[0] for line in text.splitlines() if line.strip().startswith("--")}
    assert used <= defined
    assert "prefers-color-scheme: dark" in text

"""How an answer is printed: aligned text, Markdown that any cell survives, JSON with the notes."""

import json

import pytest

from planning.answer import Answer, Table
from planning.output import markdown, show

TABLE = Table("Cost", ("what", "USD"), (("load balancer", "18.07"), ("a|b", "1")), frozenset({"USD"}))
ANSWER = Answer("prod", "It costs 19.07 USD.", (TABLE,), notes=("Prices are assumed.",), data={"usd": 19.07})


def test_markdown_escapes_what_ends_a_cell() -> None:
    assert markdown(TABLE).splitlines() == [
        "**Cost**",
        "",
        "| what | USD |",
        "|---|---:|",
        "| load balancer | 18.07 |",
        r"| a\|b | 1 |",
    ]


def test_text_aligns_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    show(ANSWER, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "prod",
        "",
        "It costs 19.07 USD.",
        "",
        "Cost",
        "  what             USD",
        "  load balancer  18.07",
        "  a|b                1",
        "",
        "! Prices are assumed.",
    ]


def test_json_has_figures_and_notes(capsys: pytest.CaptureFixture[str]) -> None:
    show(ANSWER, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"usd": 19.07, "notes": ["Prices are assumed."]}

"""The comment of a pull request: short, whole, and readable for whatever a template holds."""

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.diff.api.changes import ApiChange
from ops.diff.comment import CHARACTERS, LINES, TITLE, comment
from ops.diff.consequences import SEVERITIES, Consequence
from ops.diff.costs import CostChange
from ops.diff.grouping import grouped
from ops.diff.judge import Judgement
from ops.diff.report import Report
from ops.diff.templates import SectionChange, StackChange

COST = CostChange(3.65, 0.12, 100.0, 104.85, 10_000, (("public IPv4 address", 3.65),))
NOTHING = Judgement("prod", "nothing changes")
TEXTS = st.text(st.sampled_from("ab*_<`@|[#\n"), min_size=1, max_size=8)


def section(name: str) -> SectionChange:
    return SectionChange("outputs", name, None, {"Value": name})


CONSEQUENCES = st.builds(Consequence, st.sampled_from(SEVERITIES), TEXTS, TEXTS, TEXTS)
JUDGEMENTS = st.builds(
    lambda found, outputs, settings: Judgement(
        "prod",
        "resources change",
        tuple(sorted(found, key=lambda one: SEVERITIES.index(one.severity))),
        {"storage": StackChange(sections=tuple(map(section, outputs)))},
        settings=tuple(settings),
    ),
    st.lists(CONSEQUENCES, max_size=80),
    st.lists(TEXTS, max_size=80),
    st.lists(TEXTS, max_size=80),
)


@settings(max_examples=25)
@given(JUDGEMENTS, st.booleans())
def test_environment_takes_at_most_sixty_lines(one: Judgement, costs: bool) -> None:
    report = Report(
        (one, replace(one, environment="dev")), {"prod": COST, "dev": COST} if costs else "unknown"
    )
    text = comment(report)
    parts = text.split("\n### ")
    assert len(parts) == 3
    assert all(len(part.splitlines()) <= LINES for part in parts)
    # Every block is closed, and what is not shown is counted.
    assert text.count("<details>") == text.count("</details>")
    assert text.count("`") % 2 == 0
    findings = [each for each in grouped(one.consequences) if each.severity != "note"]
    shown = sum(
        line.startswith(("- weaker", "- interruption", "- **data loss")) for line in parts[1].splitlines()
    )
    more = re.search(r"^- … and (\d+) more findings?$", parts[1], re.MULTILINE)
    assert shown + int(more[1] if more else 0) == len(findings)


def test_gravest_findings_are_shown_first() -> None:
    found = tuple(Consequence("data loss", f"storage/Bucket{one}", f"lost {one}") for one in range(30))
    notes = tuple(Consequence("note", f"analyze/Task{one}", f"rolls {one}") for one in range(60))
    text = comment(Report((Judgement("prod", "data loss", found + notes),), {}))
    assert all(f"**data loss: storage/Bucket{one}** lost {one}" in text for one in range(30))
    assert re.search(r"- … and \d+ more notes\n\n</details>", text)


def test_equal_findings_are_one_line() -> None:
    groups = [Consequence("data loss", f"a/Log{one} (Logs::LogGroup)", "loses lines") for one in range(12)]
    policies = [Consequence("note", f"a/{one} (SQS::QueuePolicy)", "changes", "Look.") for one in "BC"]
    gone = [ApiChange(f"GET /{one}", "200.caption is gone", breaking=True) for one in "abc"]
    text = comment(Report((Judgement("prod", "data loss", (*groups, *policies)),), {}, tuple(gone)))
    assert "- **data loss: 12 log groups (a/Log0, a/Log1 and 10 more):** loses lines\n" in text
    assert "- 2 queue policies (a/B, a/C): changes. Look.\n" in text
    assert "- **GET /a, GET /b and 1 more**: 200.caption is gone\n" in text


def test_changed_rules_are_told() -> None:
    told = "The rules of this comparison change in this pull request."
    assert told in comment(Report((NOTHING,), {}, judges_itself=True))
    assert told not in comment(Report((NOTHING,), {}))


def test_nothing_is_said_in_one_line() -> None:
    text = comment(Report((replace(NOTHING, environment="dev"), NOTHING), {}, ()))
    assert text == f"{TITLE}\n\n**Nothing changes in dev and prod.**\n"


def test_refusal_says_what_to_do() -> None:
    loses = Judgement("prod", "data loss", (Consequence("data loss", "a/B", "is deleted"),))
    breaks = ApiChange("POST /analyze", "the path is gone", breaking=True)
    text = comment(Report((loses,), {}, (breaks,)))
    assert "Refused: data would be lost and the API breaks its clients" in text
    assert "label the pull request `data-loss` and `breaking-api`" in text
    assert "- **POST /analyze**: the path is gone" in text
    allowed = comment(Report((loses,), {}, (breaks,), frozenset(("data-loss", "breaking-api"))))
    assert "Allowed by label" in allowed


def test_long_comment_still_fits() -> None:
    names = [f"{'x' * 250}{one}" for one in range(80)]
    found = tuple(Consequence("weaker protection", name, name * 8) for name in names)
    judgements = tuple(
        Judgement(name, "weaker protection", found, {"a": StackChange(sections=tuple(map(section, names)))})
        for name in ("dev", "prod", "test")
    )
    text = comment(Report(judgements, {}))
    assert len(text) <= CHARACTERS
    assert text.count("<details>") == text.count("</details>") == 3

"""The planner's parts of the documents: found out of date, written, and nothing else changed."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from planning import documents

PART = "<!-- cost: begin, by `make operations` -->\n{}<!-- cost: end -->\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one document that has one part, and one picture."""
    (tmp_path / "docs" / "figures").mkdir(parents=True)
    (tmp_path / "docs" / "cost.md").write_text("Before.\n" + PART.format("old\n") + "After.\n", "utf-8")
    monkeypatch.setattr(documents, "ROOT", tmp_path)
    monkeypatch.setattr(documents, "PARTS", {"cost": ("docs/cost.md", lambda: "| é |")})
    monkeypatch.setattr(documents, "example_pictures", lambda: {"plan-a.svg": "<svg/>"})
    monkeypatch.setattr(documents, "architecture_picture", lambda: "<svg/>")
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(documents.documents, arguments)
    return done.exit_code, done.output


def test_stale_documents_are_named(root: Path) -> None:
    code, output = run()
    assert code == 1
    assert output.splitlines() == [
        "docs/cost.md is out of date: run `make operations`",
        "docs/figures/plan-a.svg is out of date: run `make operations`",
        "docs/figures/architecture.svg is out of date: run `make operations`",
    ]
    assert not (root / "docs" / "figures" / "plan-a.svg").exists()


def test_written_documents_are_up_to_date(root: Path) -> None:
    assert run("--write") == (0, "")
    assert run() == (0, "")
    text = (root / "docs" / "cost.md").read_text("utf-8")
    assert text == "Before.\n" + PART.format("\n| é |\n\n") + "After.\n"
    assert (root / "docs" / "figures" / "plan-a.svg").read_text("utf-8") == "<svg/>"


def test_picture_of_no_chart_is_deleted(root: Path) -> None:
    run("--write")
    old, other = (root / "docs" / "figures" / name for name in ("plan-old.svg", "report.svg"))
    old.write_text("<svg/>")
    other.write_text("<svg/>")
    code, output = run()
    assert (code, output) == (1, "docs/figures/plan-old.svg is out of date: run `make operations`\n")
    assert run("--write") == (0, "")
    assert not old.exists()
    assert other.exists()


@pytest.mark.parametrize("text", ["no part", PART.format("") * 2])
def test_document_needs_its_part_once(text: str) -> None:
    with pytest.raises(ValueError, match="parts 'cost', and one is expected"):
        documents.replaced(text, "cost", "new")


def test_backslash_in_a_table_is_kept() -> None:
    assert r"\1 | \g<0>" in documents.replaced(PART.format(""), "cost", r"\1 | \g<0>")

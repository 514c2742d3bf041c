"""The links between the documents lead to a heading, and a numbered step begins a line."""

import re
from pathlib import Path

from cli.cdk import ROOT

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "catalogue/README.md", "examples/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
# The number of a step within a paragraph, where no reader finds it and Markdown makes no list of it.
STEP = re.compile(r"[.:;)] [0-9]{1,2}\. (?:\*\*|[A-Z])")
FENCE = re.compile(r"^ *```.*?^ *```", re.S | re.M)


def anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of the headings: lower case, spaces as hyphens, other signs left out."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.M)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def broken(document: Path) -> list[str]:
    """The links of a document whose file or heading does not exist; those to other hosts are not asked."""
    text = FENCE.sub("", document.read_text("utf-8"))
    found = []
    for link in re.findall(r"\]\(([^()\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            found.append(link)
    return found


def test_links_lead_to_a_heading() -> None:
    assert len(DOCUMENTS) > 100
    assert {str(one.relative_to(ROOT)): links for one in DOCUMENTS if (links := broken(one))} == {}


def test_broken_link_is_found(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("# A `b`: c\n\n[here](#a-b-c) [no](#b) [gone](b.md) [out](https://a.example/#x)\n")
    assert broken(document) == ["#b", "b.md"]


def steps_in_paragraphs(text: str) -> list[str]:
    """The steps that do not begin a line."""
    plain = FENCE.sub("", text)
    return STEP.findall(plain)


def test_steps_begin_a_line() -> None:
    found = {str(one.relative_to(ROOT)): steps_in_paragraphs(one.read_text("utf-8")) for one in DOCUMENTS}
    assert {name: steps for name, steps in found.items() if steps} == {}


def test_step_in_a_paragraph_is_found() -> None:
    assert steps_in_paragraphs("1. **Settings.** Yes. 2. **Secret.** No.\n3. **Deploy.**") == [". 2. **"]

"""The links between the documents lead to a file, and to a heading of it."""

import re
from pathlib import Path

from cli.cdk import ROOT

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "catalogue/README.md", "examples/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
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

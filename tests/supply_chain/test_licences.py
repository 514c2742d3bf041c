"""The licences of what is deployed: which are allowed, and what the message says of the others."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from cli.findings import Finding
from supply_chain.deployables import Deployable
from supply_chain.licences import AllowedException, Rules, refused_licences
from supply_chain.page import NpmPackage

RULES = Rules(
    allowed=frozenset({"MIT", "BSD-3-Clause"}),
    names={"MIT License": "MIT"},
    exceptions={"excepted": AllowedException(licence="LGPL-3.0-only", reason="a shared library")},
)


def refused(folder: Path, *licences: str, package: str = "thing", marker: str = "") -> list[Finding]:
    """Return what is found where a package states these licences, beside the use of the exception."""
    lock = folder / "requirements.txt"
    lock.write_text(f"excepted==1.0\n{package}==1.0{marker}\n")
    stated = {"excepted": ["LGPL-3.0-only"], package: list(licences)}
    return refused_licences([Deployable("service", lock)], RULES, stated.__getitem__, page=())


@pytest.mark.parametrize(
    "licences",
    [
        ["MIT"],
        ["MIT License"],
        ["GPL-3.0-only OR MIT"],
        ["MIT AND BSD-3-Clause"],
        ["(MIT OR BSD-3-Clause) AND MIT"],
    ],
)
def test_allowed_licence_passes(tmp_path: Path, licences: list[str]) -> None:
    assert refused(tmp_path, *licences) == []


@pytest.mark.parametrize(
    "licences",
    [["GPL-3.0-only"], ["MIT AND GPL-3.0-only"], ["MIT", "GPL-3.0-only"], ["(MIT OR GPL-3.0-only)"]],
)
def test_copyleft_is_refused_by_name(tmp_path: Path, licences: list[str]) -> None:
    (finding,) = refused(tmp_path, *licences)
    assert finding.subject == str(tmp_path / "requirements.txt")
    assert finding.text.startswith("thing: the licence ") and "GPL-3.0-only" in finding.text
    assert "Take another package" in finding.hint and "licences.toml" in finding.hint


def test_unknown_licence_is_refused(tmp_path: Path) -> None:
    (finding,) = refused(tmp_path)
    assert finding.text == "thing: no licence is stated"


def test_exception_covers_one_package(tmp_path: Path) -> None:
    (finding,) = refused(tmp_path, "LGPL-3.0-only")
    assert finding.text.startswith("thing: ")


def test_unused_exception_is_reported(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("thing==1.0\n")
    (finding,) = refused_licences([Deployable("service", lock)], RULES, lambda _: ["MIT"], page=())
    assert finding.text == "the exception of excepted has no use"


def test_other_platforms_packages_are_not_deployed(tmp_path: Path) -> None:
    assert refused(tmp_path, "GPL-3.0-only", marker=" ; sys_platform == 'win32'") == []
    assert len(refused(tmp_path, "GPL-3.0-only", marker=" ; python_full_version >= '3.12'")) == 1


def test_missing_package_names_the_remedy(tmp_path: Path) -> None:
    def missing(package: str) -> list[str]:
        raise PackageNotFoundError(package)

    lock = tmp_path / "requirements.txt"
    lock.write_text("thing==1.0\n")
    finding = refused_licences([Deployable("service", lock)], RULES, missing, page=())[0]
    assert (finding.text, finding.hint) == ("thing is not installed here", "Run `make setup-test`.")


@pytest.mark.parametrize(
    ("licence", "problem"),
    [
        ("MIT", None),
        ("GPL-3.0-only", "the licence GPL-3.0-only is not allowed"),
        ("", "no licence is stated"),
    ],
)
def test_page_is_held_to_the_same_list(licence: str, problem: str | None) -> None:
    rules = RULES.model_copy(update={"exceptions": {}})
    found = refused_licences([], rules, page=[NpmPackage("thing", "1.0.0", licence, "sha512-")])
    expected = [] if problem is None else [("web/package-lock.json", f"thing: {problem}")]
    assert [(finding.subject, finding.text) for finding in found] == expected

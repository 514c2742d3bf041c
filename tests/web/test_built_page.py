"""What Vite makes of the page: its weight, and files that its policy and its service worker can rely on."""

import gzip
import json
import re
from pathlib import Path

import pytest

from web.build import build_page

BUDGET = 60_000


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("page")
    build_page(out)
    return out


@pytest.mark.parametrize(("language", "other"), [("en", "fr"), ("fr", "en")])
def test_visit_stays_in_budget(page: Path, language: str, other: str) -> None:
    weights = {
        file.name: len(gzip.compress(file.read_bytes(), 9))
        for file in page.rglob("*")
        if file.suffix in {".js", ".css"}
    }
    assert any(name.startswith(f"{language}-") for name in weights)
    loaded = {name: weight for name, weight in weights.items() if not name.startswith(f"{other}-")}
    assert sum(loaded.values()) <= BUDGET, loaded


def test_service_worker_is_one_file(page: Path) -> None:
    worker = (page / "service-worker.js").read_text("utf-8")
    assert not re.search(r"\b(import|importScripts)\b", worker)
    assert "__FILES__" not in worker
    assert "__BUILD__" not in worker


def test_service_worker_keeps_the_whole_build(page: Path) -> None:
    worker = (page / "service-worker.js").read_text("utf-8")
    listed = re.search(r'new Set\((\["/[^\]]+\])\)', worker)
    assert listed is not None
    built = {"/" + file.relative_to(page).as_posix() for file in page.rglob("*") if file.is_file()}
    own = {"/index.html", "/service-worker.js"}
    assert set(json.loads(listed[1])) == {name for name in built - own if not name.endswith(".png")}


def test_build_is_reproducible(page: Path, tmp_path: Path) -> None:
    build_page(tmp_path)
    assert (tmp_path / "service-worker.js").read_bytes() == (page / "service-worker.js").read_bytes()


def test_page_has_nothing_inline(page: Path) -> None:
    html = (page / "index.html").read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=", html)
    assert re.findall(r"<script[^>]*>([^<]*)</script>", html) == [""]

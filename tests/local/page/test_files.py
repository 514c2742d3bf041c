"""The built page's files as a browser gets them."""

import gzip
import json
import subprocess
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from cli.cdk import node
from local.home import REPOSITORY
from local.page.files import is_screen
from local.page.gateway import Gateway
from local.page.server import create_app

SCRIPT = "export const word = 'shelf';\n" * 100
CONFIG = {"supabase_url": "http://127.0.0.1:54321", "goods": "drawn"}
AGAIN = "public, max-age=0, must-revalidate"
YEAR = "public, max-age=31536000, immutable"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Vitrine</title>")
    (folder / "assets" / "index-abc.js").write_text(SCRIPT)
    (folder / "icon-192.png").write_bytes(bytes(2000))
    (folder / "service-worker.js").write_text(SCRIPT)
    (folder / "manifest.webmanifest").write_text("{}")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def page(folder: Path) -> TestClient:
    app = create_app(folder, CONFIG, Gateway("http://127.0.0.1:1"), "http://127.0.0.1:4566")
    return TestClient(app)


def test_config_is_answered_as_given(page: TestClient) -> None:
    assert page.get("/config.json").json() == CONFIG


def test_screens_are_those_of_the_cdn() -> None:
    paths = ["/", "/a", "/a.b", "/a.b/c", "/a.", "/.well-known", "/a.B9", "/a.js/", "/a/b.c.d", "/a%2Ejs"]
    source = (REPOSITORY / "stacks" / "web" / "functions" / "screens.js").read_text()
    call = f"{json.dumps(paths)}.map(uri => handler({{request: {{uri}}}}).uri === '/index.html')"
    command = [str(node()), "--print", f"{source}\nJSON.stringify({call})"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [is_screen(path) for path in paths] == json.loads(done.stdout)


@pytest.mark.parametrize("path", ["/", "/shelf", "/reports/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/a/b/", "/%C3%A9"])
def test_screens_get_the_page(page: TestClient, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Vitrine" in answer.text


@pytest.mark.parametrize(
    ("path", "media_type", "cached"),
    [
        ("/assets/index-abc.js", "text/javascript; charset=utf-8", YEAR),
        ("/service-worker.js", "text/javascript; charset=utf-8", AGAIN),
        ("/icon-192.png", "image/png", AGAIN),
        ("/manifest.webmanifest", "application/manifest+json", AGAIN),
        ("/", "text/html; charset=utf-8", AGAIN),
        ("/config.json", "application/json", AGAIN),
    ],
)
def test_files_have_types_and_cache_times(page: TestClient, path: str, media_type: str, cached: str) -> None:
    answer = page.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["cache-control"] == cached


@pytest.mark.parametrize(
    "path",
    [
        *("/assets/index-old.js", "/favicon.ico", "/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt"),
        *(
            "/assets/..%2f..%2fsecret.txt",
            "//etc/passwd.d",
            "/a%00.txt",
            f"/{'a' * 5000}.txt",
            "/assets/.x",
            "/a.b",
        ),
    ],
)
def test_missing_files_are_404(page: TestClient, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"
    assert "secret\n" not in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("offered", "compressed"),
    [("gzip, deflate, br", True), ("br;q=1.0, gzip;q=0.8", True), ("gzip;q=0", False), ("identity", False)],
)
def test_texts_are_compressed_on_request(page: TestClient, offered: str, compressed: bool) -> None:
    answer = page.get("/assets/index-abc.js", headers={"Accept-Encoding": offered})
    assert (answer.headers.get("content-encoding") == "gzip") is compressed
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.text == SCRIPT
    if compressed:
        assert int(answer.headers["content-length"]) == len(gzip.compress(SCRIPT.encode(), mtime=0))


@pytest.mark.parametrize("path", ["/icon-192.png", "/manifest.webmanifest"])
def test_pictures_and_small_texts_stay_plain(page: TestClient, path: str) -> None:
    assert "content-encoding" not in page.get(path, headers={"Accept-Encoding": "gzip"}).headers


@pytest.mark.parametrize("offered", ["gzip", "identity"])
def test_unchanged_file_is_304(page: TestClient, offered: str) -> None:
    first = page.get("/service-worker.js", headers={"Accept-Encoding": offered})
    known = {"If-None-Match": first.headers["etag"], "Accept-Encoding": offered}
    assert page.get("/service-worker.js", headers=known).status_code == 304
    other = {"If-None-Match": '"other"', "Accept-Encoding": offered}
    assert page.get("/service-worker.js", headers=other).status_code == 200


def test_new_build_is_seen_at_once(page: TestClient, folder: Path) -> None:
    before = page.get("/")
    (folder / "index.html").write_text("<!doctype html><title>Another</title>")
    known = {"If-None-Match": before.headers["etag"]}
    assert "Another" in page.get("/", headers=known).text


def test_file_that_a_build_removes_is_404(
    page: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = list(folder.rglob("*.*"))
    monkeypatch.setattr(Path, "rglob", lambda path, pattern: found)
    (folder / "service-worker.js").unlink()
    assert page.get("/service-worker.js").status_code == 404


def test_folder_is_no_file(page: TestClient, folder: Path) -> None:
    (folder / "fonts.v1").mkdir()
    assert page.get("/fonts.v1").status_code == 404


def test_missing_build_names_its_command(page: TestClient, folder: Path) -> None:
    (folder / "index.html").unlink()
    answer = page.get("/")
    assert (answer.status_code, "make web" in answer.text) == (404, True)


def test_head_has_no_body(page: TestClient) -> None:
    answer = page.head("/assets/index-abc.js", headers={"Accept-Encoding": "identity"})
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(SCRIPT)))


def test_files_cannot_be_written(page: TestClient) -> None:
    assert page.post("/").status_code == 405
    assert page.put("/assets/index-abc.js", content=b"x").status_code == 405


@pytest.mark.parametrize("path", ["/", "/assets/index-abc.js", "/config.json", "/missing.js"])
def test_every_answer_has_security_headers(page: TestClient, path: str) -> None:
    headers = page.get(path).headers
    policy = dict(directive.split(" ", 1) for directive in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"].split() == ["'self'", "http://127.0.0.1:54321", "http://127.0.0.1:4566"]
    assert "http://127.0.0.1:4566" in policy["img-src"].split()
    assert headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" in headers

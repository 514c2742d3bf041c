"""`python -m planning`: the idle cost of every environment, as the table of docs/operations.md."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from planning.idle_cost import idle_cost
from settings.environment import Environment, environment_names, load_environment
from stacks.app import ROOT, synthesize

DOCUMENT = ROOT / "docs" / "operations.md"
BEGIN, END = "<!-- idle cost: begin, by `make operations` -->", "<!-- idle cost: end -->"


def main() -> int:
    """Print the tables; --write updates docs/operations.md, --check fails if it is out of date."""
    parser = argparse.ArgumentParser(prog="python -m planning", description=__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--write", action="store_true", help="update the tables in docs/operations.md")
    choice.add_argument("--check", action="store_true", help="exit 1 if docs/operations.md is out of date")
    options = parser.parse_args()
    tables = "\n".join(_table(load_environment(name)) for name in environment_names() if _in_aws(name))
    if not options.write and not options.check:
        sys.stdout.write(tables)
        return 0
    text = DOCUMENT.read_text("utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    wanted = f"{before}{BEGIN}\n\n{tables}\n{END}{after}"
    if options.write:
        DOCUMENT.write_text(wanted, "utf-8")
    elif text != wanted:
        sys.exit("docs/operations.md: the idle costs are out of date: run `make operations`")
    return 0


def _in_aws(name: str) -> bool:
    return load_environment(name).target == "aws"


def _table(settings: Environment) -> str:
    with tempfile.TemporaryDirectory() as folder:
        templates = [json.loads(file.read_text("utf-8")) for file in synthesize(settings, Path(folder))]
    lines = idle_cost(settings, templates)
    rows = [f"| {line.what} | {line.count:g} | {line.usd:.2f} |" for line in lines]
    total = sum(line.usd for line in lines)
    observing = sum(line.usd for line in lines if line.observing)
    head = [f"**{settings.name}** in {settings.region}, USD a month without a request", ""]
    return "\n".join(
        [
            *head,
            "| what | how many | USD |",
            "|---|---|---|",
            *rows,
            f"| **of which observing**: alarms, their topic, metrics, dashboards | | **{observing:.2f}** |",
            f"| **in all** | | **{total:.2f}** |",
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.synth`: an environment's whole synthesis beside an empty app's, in one run.

An empty app starts the engine of the CDK's own rules and applies them to nothing. Our app leaves the rules to
`make check`, so its ratio to an empty app without them is measured too.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, keep
from local.home import REPOSITORY
from stacks.app import ROOT  # importing stacks sets JSII_NODE, which both sides inherit

RECORD = REPOSITORY / "docs" / "figures" / "synth.json"
# As the CDK's command line runs it: with the options of cdk.json, on both sides.
OURS = json.loads((ROOT / "cdk.json").read_text("utf-8"))["app"].split()[1:]
EMPTY = [*OURS[:-1], "-c", "import aws_cdk as cdk; cdk.App().synth()"]


def main() -> None:
    """Measure, print one line per figure, and keep the run in docs/figures/synth.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.synth", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="of each, in turn (default: %(default)s)")
    parser.add_argument("--env", default="prod", help="the environment (default: %(default)s)")
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {"empty": [], "empty_without_rules": [], "ours": []}
    with tempfile.TemporaryDirectory(prefix="vitrine-synth-") as folder:
        variables = _variables(Path(folder), options.env)
        _run(EMPTY, variables)
        _run(OURS, variables)  # both compile what is imported
        for _ in range(options.rounds):
            seconds["empty"].append(_run(EMPTY, variables))
            seconds["empty_without_rules"].append(_run(EMPTY, variables | {"CDK_VALIDATION": "false"}))
            seconds["ours"].append(_run(OURS, variables))
    # What else the machine does only adds: the best of each is what they take, the median what was seen.
    best = {name: min(values) for name, values in seconds.items()}
    middle = {name: median(values) for name, values in seconds.items()}
    figures = [
        Figure("synth_ratio_best", best["ours"] / best["empty"], at_most=2.5),
        Figure("synth_ratio_p50", middle["ours"] / middle["empty"], at_most=2.5),
        Figure("synth_ratio_best_without_rules", best["ours"] / best["empty_without_rules"]),
        *(Figure(f"synth_s_best_{name}", value) for name, value in best.items()),
    ]
    rounded = {name: [round(value, 2) for value in values] for name, values in seconds.items()}
    keep(RECORD, figures, {"environment": options.env, "seconds": rounded})
    for figure in figures:
        print(figure.line())  # noqa: T201


def _variables(folder: Path, environment: str) -> dict[str, str]:
    """What both are run with: the same context, no package built, and compiled modules kept as by default."""
    context = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    context |= {"env": environment, "aws:cdk:bundling-stacks": []}
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **inherited,
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_OUTDIR": str(folder / "cdk.out"),
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
    }


def _run(command: list[str], variables: Mapping[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], cwd=ROOT, env=variables, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

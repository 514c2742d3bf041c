"""`python -m tests.bench.accuracy`: what the demo model knows of held-out drawn goods."""

import argparse

from local.home import REPOSITORY
from model_artifacts.blip2.demo.evaluate import evaluate
from tests.bench.figures import Figure, keep

RECORD = REPOSITORY / "docs" / "figures" / "accuracy.json"
MODEL = REPOSITORY / "model_artifacts" / "blip2" / "demo" / "model"
GOALS = {"type_right_of_20": 16, "material_right_of_20": 13}


def main() -> None:
    """Ask the handlers, print one line per figure, and keep the run in docs/figures/accuracy.json."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.accuracy", description=__doc__)
    parser.add_argument(
        "--count", type=int, default=500, help="goods beside the twenty (default: %(default)s)"
    )
    options = parser.parse_args()
    found = evaluate(MODEL, options.count)
    figures = [Figure(name, value, at_least=GOALS.get(name)) for name, value in found.items()]
    keep(RECORD, figures, {"goods": options.count})
    for figure in figures:
        print(figure.line())  # noqa: T201


if __name__ == "__main__":
    main()

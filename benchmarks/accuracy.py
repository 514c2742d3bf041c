"""`python -m benchmarks.accuracy`: what the demo model knows of held-out drawn goods."""

import argparse

from benchmarks.figures import Figure, keep
from local.home import REPOSITORY
from model_artifacts.blip2_demo.training.evaluate import evaluate

RECORD = REPOSITORY / "docs" / "figures" / "accuracy.json"
MODEL = REPOSITORY / "model_artifacts" / "blip2" / "demo" / "model"
AT_LEAST = {
    "type": 0.95,
    "material": 0.90,
    "wear_f1": 0.75,
    "out_of_distribution_left_unknown": 0.95,
    "type_right_of_20": 16,
    "material_right_of_20": 13,
}
AT_MOST = dict.fromkeys(
    ("type_calibration_error", "material_calibration_error", "wear_calibration_error"), 0.05
)


def main() -> None:
    """Ask the handlers, print one line per figure, and keep the run in docs/figures/accuracy.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument(
        "--count", type=int, default=2000, help="goods beside the twenty (default: %(default)s)"
    )
    options = parser.parse_args()
    found = evaluate(MODEL, options.count)
    figures = [
        Figure(name, value, at_least=AT_LEAST.get(name), at_most=AT_MOST.get(name))
        for name, value in found.items()
    ]
    keep(RECORD, figures, {"goods": options.count})
    for figure in figures:
        print(figure.line())  # noqa: T201


if __name__ == "__main__":
    main()

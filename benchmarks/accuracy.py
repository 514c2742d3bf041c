"""`python -m benchmarks.accuracy`: how often the demo model is right, and what reports claim of photos."""

import argparse

from benchmarks.figures import FIGURES, Figure, keep, show
from benchmarks.reliance import reliance
from local.home import REPOSITORY
from model_artifacts.blip2_demo.training.evaluate import evaluate

MODEL = REPOSITORY / "model_artifacts" / "blip2" / "model"
AT_LEAST = {
    "type": 0.95,
    "material": 0.90,
    "wear_f1": 0.75,
    "out_of_distribution_left_unknown": 0.95,
    "type_right_of_20": 16,
    "material_right_of_20": 13,
    "goods_named": 0.97,
    "goods_named_right": 0.99,
    "goods_material_right": 0.97,
    "goods_assessed": 0.90,
    "no_wear_claimed_right": 0.93,
    "strangers_not_assessed": 0.95,
    "several_not_assessed": 0.95,
    **dict.fromkeys((f"{kind}_not_assessed" for kind in ("dark", "blank", "blurred", "noise", "real")), 1.0),
}
AT_MOST = {
    **dict.fromkeys(("type_calibration_error", "material_calibration_error", "wear_calibration_error"), 0.05),
    "goods_called_several": 0.02,
}
EXAMPLES = REPOSITORY / "examples" / "photos"


def main() -> None:
    """Query the handlers, print one line per figure, and keep the run in docs/figures/accuracy.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument(
        "--count", type=int, default=2000, help="drawings besides the fixed twenty (default: %(default)s)"
    )
    options = parser.parse_args()
    found = evaluate(MODEL, options.count) | reliance(MODEL, options.count // 5, EXAMPLES)
    figures = [
        Figure(name, value, at_least=AT_LEAST.get(name), at_most=AT_MOST.get(name))
        for name, value in found.items()
    ]
    keep(FIGURES / "accuracy.json", figures, {"goods": options.count})
    show(figures)


if __name__ == "__main__":
    main()

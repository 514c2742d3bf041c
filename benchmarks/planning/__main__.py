"""`python -m benchmarks.planning [NAME …]`: runs the named benchmarks of the planner, or all.

`lists` reads long and broken lists of users, `bucket` holds forecasts against fresh draws and closed forms,
`queues` the endpoint's simulation against Erlang's formulas; `service_times` measures the demo model's.
"""

import sys
from importlib import import_module

NAMES = ("lists", "bucket", "queues", "service_times")


def main(chosen: list[str]) -> None:
    """Run each benchmark; exits with the names there are if one is unknown."""
    if unknown := sorted(set(chosen) - set(NAMES)):
        sys.exit(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    for name in chosen or NAMES:
        import_module(f"benchmarks.planning.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])

"""`python -m benchmarks.planning [NAME …]`: runs the named benchmarks of the planner, or all."""

import pkgutil
import sys
from importlib import import_module
from pathlib import Path


def main(chosen: list[str]) -> None:
    """Run each benchmark; exits with the names there are if one is unknown."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    names = [name for name in names if name != "__main__"]
    if unknown := set(chosen) - set(names):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    for name in chosen or names:
        module = import_module(f"benchmarks.planning.{name}")
        if hasattr(module, "main"):
            module.main()


if __name__ == "__main__":
    main(sys.argv[1:])

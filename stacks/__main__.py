"""`python -m stacks`: synthesize every environment and check it. Needs no network, credentials or Docker."""

import argparse
import sys
from collections.abc import Sequence

from settings.environment import Environment, SettingsError, environment_names, load_environment
from stacks.model.container import ContainerError
from stacks.synthesis import ROOT, synthesize


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize into cdk.out/<environment>; return 1 if a setting is wrong or a check fails."""
    options = _parser().parse_args(arguments)
    failed = False
    for name in environment_names():
        try:
            failed |= not _synthesize(load_environment(name), checked=options.lint)
        except SettingsError as error:
            sys.stderr.write(f"{error}\n")
            failed = True
        except (RuntimeError, ContainerError) as error:
            sys.stderr.write(f"{name}: {error}\n")
            failed = True
    if options.lint:
        failed |= _report_dead_settings()
    return int(failed)


def _synthesize(settings: Environment, *, checked: bool) -> bool:
    name, status = settings.name, 0
    if checked:
        # Development tools, which a deployment does not install.
        from stacks.checks.lint import lint
        from stacks.checks.nag import add_rules

        templates = synthesize(settings, ROOT / "cdk.out" / name, rules=add_rules)
        status = lint(templates, settings.region)
    else:
        templates = synthesize(settings, ROOT / "cdk.out" / name)
    sys.stdout.write(f"{name}: {len(templates)} stacks in cdk.out/{name}\n")
    return status == 0


def _report_dead_settings() -> bool:
    from stacks.checks.settings_effect import dead_settings

    dead = dead_settings()
    sys.stderr.writelines(f"{line}\n" for line in dead)
    return bool(dead)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m stacks",
        description="Synthesize every environment into cdk.out/<environment>; check them.",
    )
    parser.add_argument(
        "--no-lint",
        dest="lint",
        action="store_false",
        help="only synthesize: cfn-lint and cdk-nag need not be installed",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

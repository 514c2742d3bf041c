"""`python -m stacks`: synthesize every environment and check it. Needs no network, credentials or Docker."""

import argparse
import sys
from collections.abc import Sequence

from model_artifacts.blip2.tools.errors import PackagingError
from settings.environment import Environment, SettingsError, environment_names, load_environment
from stacks.app import ROOT, synthesize
from stacks.model.container import ContainerError


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize into cdk.out/<environment>; return 1 if a setting is wrong or a check fails."""
    parser = argparse.ArgumentParser(
        prog="python -m stacks",
        description="Synthesize every environment into cdk.out/<environment>; check them.",
    )
    parser.add_argument(
        "--no-lint", action="store_true", help="only synthesize: cfn-lint and cdk-nag need not be installed"
    )
    checked = not parser.parse_args(arguments).no_lint
    failed = False
    for name in environment_names():
        try:
            failed |= not _synthesize(load_environment(name), checked=checked)
        except SettingsError as error:
            sys.stderr.write(f"{error}\n")
            failed = True
        except (RuntimeError, ContainerError, PackagingError) as error:
            sys.stderr.write(f"{name}: {error}\n")
            failed = True
            if "ValidationFailed" in str(error):
                sys.stderr.write(
                    "hint: Mend each ERROR above. Where its rule must not hold, add an Exemption of the "
                    "construct, with the reason, to stacks/checks/nag.py.\n"
                )
    return int(failed)


def _synthesize(settings: Environment, *, checked: bool) -> bool:
    folder = ROOT / "cdk.out" / settings.name
    status = 0
    if checked:
        # Development tools, which a deployment does not install.
        from stacks.checks.lint import lint
        from stacks.checks.nag import add_rules

        templates = synthesize(settings, folder, rules=add_rules)
        status = lint(templates, settings.region)
    else:
        templates = synthesize(settings, folder)
    sys.stdout.write(f"{settings.name}: {len(templates)} stacks in cdk.out/{settings.name}\n")
    return status == 0


if __name__ == "__main__":
    sys.exit(main())

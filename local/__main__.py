"""`python -m local`: the whole system on this machine."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.

    Without the installed packages `doctor` still works; every other command says how to install them.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        from cli.entry import run_commands
        from local.commands import local

        return run_commands(local, arguments, program="python -m local")
    except ModuleNotFoundError as error:
        if arguments == ["doctor"]:
            from local.doctor import run_doctor
            from local.home import Home

            return run_doctor(Home.current())
        sys.stderr.write(
            f"error: {sys.prefix} lacks the package {error.name}.\n"
            "  hint: Run `sh local/setup.sh demo`, then .venv/bin/python -m local.\n"
        )
        return 1


if __name__ == "__main__":
    sys.exit(main())

"""`python -m local`: the whole system on this machine."""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import signal
import sys
from typing import TYPE_CHECKING

from cli.errors import UserError
from local.home import Home
from local.supervisor.mode import add_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.supervisor.mode import Mode


_UP = """\
Start what does not run yet and deploy what changed; parts that run and answer are reused.

variables:
  VITRINE_<PART>_PORT  the port of a part: emulator, identity, model, sagemaker, llm, service, and database
                       or edge with --mode async (default: its usual port, or a free one when that is taken)
  VITRINE_HOME         where logs, state and data go (default: .vitrine)
  OPENAI_API_KEY       lets OpenAI word the reports, by the settings of environments/prod.toml
  MODEL                another BLIP-2: a folder, or a hub id of the form owner/name"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 failed with a reason, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without a ✓ shows another sign instead
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.command not in ("token", "demo"):
        _parser().error(f"unknown argument {rest[0]}")
    try:
        return _COMMANDS[options.command](options, rest)
    except UserError as error:
        for line in error.details:
            print(f"  │ {line}", file=sys.stderr)  # noqa: T201
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        if error.hint:
            print(f"  hint: {error.hint}", file=sys.stderr)  # noqa: T201
        return 1
    except ModuleNotFoundError as error:
        print(f"error: {sys.prefix} lacks the package {error.name}.", file=sys.stderr)  # noqa: T201
        print("  hint: Run `sh local/setup.sh demo`, then .venv/bin/python -m local.", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local", description="The whole of Vitrine on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    up = commands.add_parser(
        "up",
        help="start what does not run yet and deploy what changed; running parts are reused",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=_UP,
    )
    add_option(up)
    commands.add_parser("down", help="stop all that `up` started")
    commands.add_parser("status", help="say which parts run, where they answer and where their logs are")
    commands.add_parser("doctor", help="look for the usual reasons of failure and name their hint")
    commands.add_parser("outputs", help="print the stack outputs as JSON; ApiUrl is callable as it stands")
    redrive = commands.add_parser(
        "redrive", help="show what was set aside of the queues and why; send it round again, after asking"
    )
    redrive.add_argument("--again", action="store_true", help="send it round again")
    redrive.add_argument("--yes", action="store_true", help="ask nothing; without --again: only show it")
    # The two below have options of their own, which their modules read: no -h here.
    commands.add_parser("token", help="print an access token of a demo user", add_help=False)
    commands.add_parser("demo", help="post a photo through the gateway and print its report", add_help=False)
    return parser


def _up(options: argparse.Namespace, rest: list[str]) -> int:
    from local.supervisor.progress import Progress
    from local.supervisor.up import Up, exclusively

    home = Home.current()
    with exclusively(home), Progress() as progress:
        run = Up(home, progress, options.mode)
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
        try:
            outputs = asyncio.run(run.run())
        except BaseExceptionGroup as group:
            raise _first(group) from group
        except KeyboardInterrupt:
            from local.supervisor import processes

            progress.console.print("Interrupted; stopping what was started.")
            for name in run.started:
                processes.stop(home, name)
            processes.remember(home, dict.fromkeys(run.started))
            raise
        progress.console.print(f"Ready. Gateway: {outputs['ApiUrl']}")
    return 0


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _down(options: argparse.Namespace, rest: list[str]) -> int:
    from local.supervisor import processes
    from local.supervisor.up import exclusively

    home = Home.current()
    with exclusively(home):
        stopped = processes.stop(home)
    print(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was running.", file=sys.stderr)  # noqa: T201
    return 0


def _status(options: argparse.Namespace, rest: list[str]) -> int:
    from local.supervisor.status import show

    return show(Home.current())


def _doctor(options: argparse.Namespace, rest: list[str]) -> int:
    from local.doctor import show

    return show(Home.current())


def _outputs(options: argparse.Namespace, rest: list[str]) -> int:
    from local.supervisor.outputs import stack_outputs

    print(json.dumps(stack_outputs(Home.current()), indent=2))  # noqa: T201
    return 0


def _redrive(options: argparse.Namespace, rest: list[str]) -> int:
    from local.supervisor.redrive import main as redrive

    return redrive(Home.current(), again=options.again, asking=not options.yes)


def _token(options: argparse.Namespace, rest: list[str]) -> int:
    from local.demo.tokens import main as token

    return token(rest)


def _demo(options: argparse.Namespace, rest: list[str]) -> int:
    from local.demo.command import main as demo

    def bring_up(mode: Mode) -> int:
        return _up(argparse.Namespace(mode=mode), [])

    return demo(rest, bring_up)


_COMMANDS = {
    "up": _up,
    "down": _down,
    "status": _status,
    "doctor": _doctor,
    "outputs": _outputs,
    "redrive": _redrive,
    "token": _token,
    "demo": _demo,
}

if __name__ == "__main__":
    sys.exit(main())

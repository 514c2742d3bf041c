"""`python -m ops`: an environment in its account. The Makefile calls this, and so may anyone."""

import argparse
import io
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from cli.errors import UserError
from ops.aws.session import environment, session
from settings.environment import SettingsError, load_environment


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when it is done, 1 when it failed for a reason told, 130 when interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without a ✓ shows another sign instead
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    options = _parser().parse_args(arguments)
    try:
        return _COMMANDS[options.command](options, Console(highlight=False, markup=False, soft_wrap=True))
    except UserError as error:
        return _fail(str(error), error.hint)
    except SettingsError as error:
        return _fail(str(error), "")
    except ClientError as error:
        said = error.response.get("Error", {}).get("Message", "")
        return _fail(f"AWS refuses {error.operation_name}: {said}", "Run `make doctor` with the same ENV.")
    except BotoCoreError as error:
        return _fail(f"AWS does not answer: {error}", "Run `make doctor` with the same ENV.")
    except KeyboardInterrupt:
        sys.stderr.write(
            "\nInterrupted. What CloudFormation was told to do, it finishes or rolls back by itself; "
            "the same command goes on from there.\n"
        )
        return 130


def _fail(message: str, hint: str) -> int:
    sys.stderr.write(f"error: {message}\n" + (f"  hint: {hint}\n" if hint else ""))
    return 1


def _doctor(options: argparse.Namespace, console: Console) -> int:
    from ops.doctor.preflight import fit, preflight, show

    settings = environment(options.env)
    with console.status("Looking at settings and account…"):
        findings = preflight(settings, session(settings), archive_at_hand=False)
    show(findings, console)
    return 0 if fit(findings) else 1


def _bootstrap(options: argparse.Namespace, console: Console) -> int:
    from cli import cdk

    settings = environment(options.env)
    account = session(settings).client("sts").get_caller_identity()["Account"]
    cdk.bootstrap(account, settings.region)
    return 0


def _deploy(options: argparse.Namespace, console: Console) -> int:
    from ops.commands.deploy import deploy

    settings = environment(options.env)
    deploy(
        settings,
        session(settings),
        console,
        named=options.env,
        archive=options.artifact and options.artifact.expanduser(),
        asking=not options.yes,
    )
    return 0


def _smoke(options: argparse.Namespace, console: Console) -> int:
    from ops.aws.outputs import outputs_file, published_outputs, read_outputs
    from ops.commands.smoke import smoke

    settings = load_environment(options.env)
    file = options.outputs or outputs_file(settings)
    if options.outputs or file.is_file():
        outputs = read_outputs(str(file))
    else:
        outputs = published_outputs(environment(options.env), session(settings))
    smoke(settings, session(settings), outputs, console, photo=options.photo.expanduser())
    return 0


def _destroy(options: argparse.Namespace, console: Console) -> int:
    from ops.commands.destroy import destroy

    settings = environment(options.env)
    destroy(settings, session(settings), console, named=options.env, asking=not options.yes)
    return 0


def _image(options: argparse.Namespace, console: Console) -> int:
    from ops.commands.image import image

    settings = environment(options.env)
    digest = image(settings, session(settings).client("ecr"), console.print)
    console.print(f"For environments/{settings.name}.toml, above its first section:")
    console.print(f'image_digest = "{digest}"')
    return 0


def _pause(options: argparse.Namespace, console: Console, *, paused: bool = True) -> int:
    from ops.commands.pause import pause

    account = session(environment(options.env))
    pause(account, console, named=options.env, paused=paused)
    return 0


def _resume(options: argparse.Namespace, console: Console) -> int:
    return _pause(options, console, paused=False)


def _redrive(options: argparse.Namespace, console: Console) -> int:
    from cli.redrive import queues, redrive
    from ops.aws.outputs import published_queues

    settings = environment(options.env)
    account = session(settings)
    known = queues(published_queues(settings, account))
    redrive(account.client("sqs"), known, console, again=options.again, asking=not options.yes)
    return 0


_COMMANDS = {
    "pause": _pause,
    "resume": _resume,
    "doctor": _doctor,
    "bootstrap": _bootstrap,
    "deploy": _deploy,
    "smoke": _smoke,
    "image": _image,
    "destroy": _destroy,
    "redrive": _redrive,
}


def _parser() -> argparse.ArgumentParser:
    from ops.commands.internal_checks import SAMPLE
    from ops.commands.user import EMAIL, PASSWORD, TOKEN

    parser = argparse.ArgumentParser(prog="python -m ops", description="An environment in its AWS account.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    def command(name: str, text: str, epilog: str | None = None) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, epilog=epilog)
        made.add_argument(
            "--env", required=True, metavar="NAME", help="an environment, or a .toml file's path"
        )
        return made

    command("doctor", "Look at settings and account before a deployment; changes nothing.")
    command("bootstrap", "Prepare the account's region for the CDK; once, before the first deployment.")
    deploy = command(
        "deploy", "Look, deploy all stacks, and try them; interrupted, it goes on when run again."
    )
    deploy.add_argument(
        "--yes", action="store_true", help="ask nothing: not for the account, not for permissions"
    )
    deploy.add_argument("--artifact", type=Path, metavar="FILE", help="the model's archive, to be uploaded")
    smoke = command(
        "smoke",
        "Try what is deployed: strangers are turned away, tasks are healthy, the endpoint sees a sample, and "
        "a photo posted to the public address becomes a report, which is erased.",
        epilog=f"The user is that of {TOKEN} (an access token), or of {EMAIL} and {PASSWORD}. Without one no "
        "photo is posted: that is said, and the status is 0 all the same when the rest is well. "
        "Of an environment in the emulator only the public address is tried.",
    )
    smoke.add_argument(
        "--outputs",
        metavar="FILE",
        help="stack outputs as JSON, - for standard input (default: those last deployed)",
    )
    smoke.add_argument("--photo", type=Path, default=SAMPLE, metavar="FILE", help="(default: a drawn mug)")
    command(
        "pause", "Delete the endpoint, keep the model: nothing of it is paid, and reports wait for a day."
    )
    command("resume", "Make the endpoint of a paused model again; its image and archive are still there.")
    command("image", "Build the service's image of this commit, push it, and print its digest.")
    destroy = command(
        "destroy", "Say what goes and what stays, ask for the environment's name, and delete its stacks."
    )
    destroy.add_argument("--yes", action="store_true", help="do not ask for the environment's name")
    redrive = command(
        "redrive", "Show what was set aside of every queue and why; send it round again, after asking."
    )
    redrive.add_argument("--again", action="store_true", help="send it round again")
    redrive.add_argument("--yes", action="store_true", help="ask nothing; without --again: only show it")
    return parser


if __name__ == "__main__":
    sys.exit(main())

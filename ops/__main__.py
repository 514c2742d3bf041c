"""`python -m ops`: an environment in its AWS account. The targets of the Makefile call these commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.entry import run_commands
from cli.log_view import choice_options
from ops.change_commands import diff, drift, forward
from ops.image_commands import digest, image, promote, rollback
from ops.options import FILE, any_commit_option, env_option, explain, make_console, opened
from ops.posthog.commands import posthog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from cli.log_view import Choice

_INTERRUPTED = (
    "\nInterrupted. CloudFormation finishes or rolls back by itself what it has begun; the same command "
    "continues from there."
)
# Each command imports what it needs: `--help` and a wrong option answer at once.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    return run_commands(
        commands, arguments, program="python -m ops", explain=explain, interrupted=_INTERRUPTED
    )


@click.group()
def commands() -> None:
    """Deploy an environment into its AWS account, and look after it there.

    The settings are environments/NAME.toml; the credentials are those that boto3 finds, as for the AWS
    command line. A command that was interrupted, or that failed, can be run again: it continues where it
    stopped.
    """


for command in (diff, digest, drift, forward, image, posthog, promote, rollback):
    commands.add_command(command)


@commands.command()
@env_option
def doctor(named: str) -> int:
    """Check the settings and the account before a deployment.

    Nothing is changed. Each finding that needs action says what to do. The status is 1 where a deployment
    would fail.
    """
    from cli.findings import passed
    from ops.doctor.preflight import preflight, print_preflight

    settings, session = opened(named)
    console = make_console()
    with console.status("Checking settings and account…"):
        findings = preflight(settings, session, archive_given=False)
    print_preflight(findings, console)
    return 0 if passed(findings) else 1


@commands.command()
@env_option
def bootstrap(named: str) -> None:
    """Prepare the account's region for the CDK.

    Needed once for an account and region, before the first deployment; once for each environment that has a
    section [bootstrap]. It also creates the service-linked roles, and has images scanned.
    """
    from ops.commands.bootstrap import bootstrap

    bootstrap(*opened(named), make_console())


@commands.command()
@env_option
def trust(named: str) -> None:
    """Show whose tokens of GitHub Actions the environment's roles accept.

    Prints the trust policies, how to see what a token says, and the commands that set up GitHub. Neither
    credentials nor a network is needed.
    """
    from ops.aws.account import environment
    from ops.commands.trust import trust

    trust(environment(named), click.echo)


@commands.command()
@env_option
@click.option(
    "--yes", is_flag=True, help="Do not ask for confirmation of the account and of broader permissions."
)
@click.option("--artifact", type=Path, metavar="FILE", help="The model's archive, to be uploaded.")
def deploy(named: str, yes: bool, artifact: Path | None) -> None:
    """Check, deploy all stacks, and try them.

    The steps are: doctor, synthesis, the storage stack, the model's archive, all stacks, smoke test.
    """
    from ops.commands.deploy import deploy

    archive = artifact and artifact.expanduser()
    deploy(*opened(named), make_console(), named=named, archive=archive, confirm=not yes)


@commands.command()
@env_option
@click.option(
    "--outputs", metavar="FILE", help="Stack outputs as JSON, - for stdin; by default those last deployed."
)
@click.option("--photo", type=Path, metavar="FILE", help="The photo to post; by default a drawn mug.")
def smoke(named: str, outputs: str | None, photo: Path | None) -> int:
    """Try what is deployed.

    A caller without a valid token is refused, tasks are healthy, the endpoint sees a sample, and a photo
    posted to the public address becomes a report, which is deleted again. An endpoint at zero instances gets
    15 minutes to wake.

    The user is that of VITRINE_SMOKE_TOKEN (an access token), or of SUPABASE_SMOKE_EMAIL and
    SUPABASE_SMOKE_PASSWORD. Without one no photo is posted: the endpoint is then asked directly, a line says
    what is not proven, and the status is 1. A paused model is no failure. Of an environment in the local
    emulator only the public address is tried.
    """
    from ops.aws.account import environment, outputs_file, published_outputs, read_outputs, session
    from ops.commands.endpoint_checks import SAMPLE
    from ops.commands.smoke import smoke
    from settings.environment import load_environment

    settings = load_environment(named)
    file = outputs_file(settings)
    if outputs or file.is_file():
        values = read_outputs(outputs or str(file))
    else:
        values = published_outputs(environment(named), session(settings))
    posted = smoke(settings, session(settings), values, make_console(), photo=(photo or SAMPLE).expanduser())
    return 0 if posted or settings.model.paused else 1


@commands.command()
@env_option
@any_commit_option
def pause(named: str, any_commit: bool) -> None:
    """Delete the endpoint and keep the model.

    The endpoint costs nothing then, and reports wait for up to a day. The model stack is deployed as this
    checkout has it, which must have the commit that is deployed in its history.
    """
    from ops.commands.pause import pause

    pause(opened(named)[1], make_console(), named=named, paused=True, any_commit=any_commit)


@commands.command()
@env_option
@any_commit_option
def resume(named: str, any_commit: bool) -> None:
    """Create the endpoint of a paused model again.

    Its image and archive are still there. The checkout must have the commit that is deployed, as for `pause`.
    """
    from ops.commands.pause import pause

    pause(opened(named)[1], make_console(), named=named, paused=False, any_commit=any_commit)


@commands.command()
@env_option
@click.option("--again", is_flag=True, help="Send them again.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation; without --again, only show them.")
def redrive(named: str, again: bool, yes: bool) -> None:
    """Show the dead letters of every queue; send them again.

    Each is shown with the reason why it failed. They are sent after a confirmation at the terminal.
    """
    from cli.dead_letters import queues, redrive
    from ops.aws.account import published_queues

    settings, session = opened(named)
    known = queues(published_queues(settings, session))
    redrive(session.client("sqs"), known, make_console(), send=again, confirm=not yes)


@commands.command()
@env_option
@choice_options
@click.option(
    "--since",
    default="24h",
    show_default=True,
    metavar="TIME",
    help="90m, 24h or 7d; today, yesterday or a day such as 2026-11-26 (UTC).",
)
def logs(named: str, since: str, **chosen: Unpack[Choice]) -> None:
    """Show what the services have logged: who was slow, what failed, what it cost.

    Without an option it lists the reports that have ended, the slowest first, with what they cost. A trace
    or a report is also drawn as a waterfall.
    """
    from cli.log_lines import story
    from cli.log_view import wanted, who_is
    from cli.waterfall import draw, waterfall
    from ops.commands.logs import logs

    settings, session = opened(named)
    asked, console = wanted(settings, **chosen), make_console()
    lines = logs(settings, session, asked, console, since=since)
    if asked.user is not None:
        console.print(
            f"Who it is, by the SQL editor of Supabase: {who_is(asked.user, settings.user_hash_key)}"
        )
    if asked.is_story:
        draw(waterfall(story(lines, asked)), console)


@commands.command()
@env_option
@click.option("--yes", is_flag=True, help="Do not ask for the environment's name.")
def destroy(named: str, yes: bool) -> None:
    """Delete an environment's stacks.

    First says what is deleted and what stays, and asks for the environment's name.
    """
    from ops.commands.destroy import destroy

    destroy(*opened(named), make_console(), confirm=not yes)


@commands.command()
@env_option
@click.option("--archive", type=FILE, required=True, metavar="FILE", help="The archive of `make model`.")
@any_commit_option
def release(named: str, archive: Path, any_commit: bool) -> None:
    """Bring a new archive into service.

    The archive is served on this machine, then on a canary endpoint, whose answers are compared. Only then
    the settings name it, and the model stack is deployed. A failure leaves the settings as they are, and no
    canary. The checkout must have the commit that is deployed, as for `pause`.
    """
    from ops.release.release import release_archive

    release_archive(*opened(named), make_console(), named=named, archive=archive, any_commit=any_commit)


@commands.command()
@env_option
def canary(named: str) -> None:
    """Delete the canary that an interrupted release left.

    It costs money as long as it is there. The next release deletes it too.
    """
    from ops.release.release import remove_canary

    remove_canary(*opened(named), click.echo)


if __name__ == "__main__":
    sys.exit(main())

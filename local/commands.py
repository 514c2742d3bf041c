"""The commands of `python -m local`. Each imports what it needs, so that the small ones start quickly."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

import click

from cli.log_view import choice_options
from local.account_commands import outputs, redrive, token
from local.home import MODES, REPOSITORY, Home, tail

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Unpack

    from cli.log_view import Choice
    from local.home import Mode

SAMPLE = REPOSITORY / "examples" / "photos" / "drawn-mug.jpg"
_DRAWN = "drawn-"

mode_option = click.option(
    "--mode",
    type=click.Choice(MODES),
    default=MODES[0],
    show_default=True,
    help="How the service calls the model. `async` also runs Supabase's database and Edge Functions.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def local() -> None:
    """Run the whole of Vitrine on this machine.

    `up` starts an AWS emulator, deploys the stacks into it and starts the service, the model server, a
    language model, an identity issuer, a PostHog and the page. `demo` does the same, then posts a photo
    and prints its report. The system keeps running until `down`.
    """


@local.command()
@mode_option
def up(mode: Mode) -> None:
    """Start what does not run yet and deploy what changed.

    Processes that run and answer are kept. Interrupting the command stops what it started.

    \b
    Variables:
      VITRINE_<PROCESS>_PORT  The port of a process: emulator, identity, model, sagemaker, llm, posthog,
                              service, page; also database and edge with --mode async. Without it, a
                              process gets its usual port, or a free one when that is taken.
      VITRINE_HOME            The folder of logs, state and data. Default: .vitrine
      OPENAI_API_KEY          Lets OpenAI write the reports, by the settings of environments/prod.toml.
      MODEL                   Another BLIP-2: a folder, or a hub id of the form owner/name. The demo's model
                              for photographs is model_artifacts/blip2_photo/model.
    """
    click.echo(_bring_up(mode), err=True)


def _bring_up(mode: Mode) -> str:
    """Bring the system up; return a line that says where the page is and who may sign in."""
    from cli.progress import Steps
    from local.supervisor import processes
    from local.supervisor.up import Startup, exclusive
    from local.users import PASSWORD, USER, email

    home = Home.current()
    with exclusive(home), Steps() as steps:
        startup = Startup(home, steps, mode)
        try:
            outputs = asyncio.run(startup.bring_up())
        except BaseExceptionGroup as group:
            error: BaseException = group
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            raise error from group
        except KeyboardInterrupt:
            steps.console.print("Interrupted; stopping what was started.")
            startup.stop_started()
            raise
        steps.console.print(f"Ready. Gateway: {outputs['ApiUrl']}")
    port = processes.records(home)["page"].port
    return f"Page: http://127.0.0.1:{port}, where {email(USER)} signs in with {PASSWORD}"


@local.command()
def down() -> None:
    """Stop every process that `up` started."""
    from local.supervisor import processes
    from local.supervisor.up import exclusive

    home = Home.current()
    with exclusive(home):
        stopped = processes.stop(home)
    click.echo(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was running.", err=True)


@local.command()
def status() -> int:
    """Show the state, address and log of every process.

    The exit status is 0 when all of them are ready.
    """
    from rich.console import Console
    from rich.table import Table

    from local.supervisor import ports, process_specs, processes, readiness

    home = Home.current()
    records = processes.records(home)
    names = ports.process_names("async" if "database" in records else "realtime")
    table = Table("process", "state", "address", "pid", "up for", box=None, header_style="bold")
    failing = []
    for name in names:
        if (record := records.get(name)) is None:
            table.add_row(name, "[dim]not started[/dim]")
            continue
        row = [f"http://127.0.0.1:{record.port}", str(record.pid), f"{time.time() - record.started:.0f} s"]
        if record.process() is None:
            table.add_row(name, "[red]ended[/red]", row[0])
        elif readiness.is_healthy(process_specs.health_url(name, record.port)):
            table.add_row(name, "[green]ready[/green]", *row)
            continue
        else:
            table.add_row(name, "[yellow]does not answer[/yellow]", *row)
        failing.append(name)
    console = Console(highlight=False)
    console.print(table)
    console.print(f"Logs: {home.log('*')}", style="dim", soft_wrap=True)
    for name in failing:
        lines = [f"  │ {line}" for line in tail(home.log(name), 8)]
        console.print("", f"Last lines of {name}:", *lines, sep="\n", markup=False)
    if failing:
        console.print("\n`python -m local up` restarts these processes.")
    return 0 if not failing and records.keys() >= set(names) else 1


@local.command()
@choice_options
def logs(**chosen: Unpack[Choice]) -> None:
    """Show what the services have logged.

    Without an option it lists the reports that have ended, the slowest first, with what they cost.
    """
    from rich.console import Console

    from cli.log_view import print_lines, wanted
    from local.log_files import log_lines
    from settings.environment import load_environment

    console = Console(highlight=False, markup=False, soft_wrap=True)
    home = Home.current()
    file = str(home.environment) if home.environment.is_file() else "local"
    asked = wanted(load_environment(file), **chosen)
    print_lines(log_lines(home), asked, console)


@local.command()
@click.option("--json", "as_json", is_flag=True, help="Print each event whole, as JSON.")
def events(as_json: bool) -> None:
    """Show the events that PostHog got.

    On this machine PostHog is a process of the system: `events` shows what a real one would have received.
    """
    from rich.console import Console

    from local.event_view import print_events, received

    print_events(received(Home.current()), Console(highlight=False), as_json=as_json)


@local.command()
@click.argument("identifier", metavar="ID")
@click.option(
    "--svg", "picture", type=click.Path(dir_okay=False), metavar="FILE", help="Draw it into a file."
)
def trace(identifier: str, picture: str | None) -> None:
    """Draw the waterfall of a trace, or of how a report was made.

    ID is that of a trace or of a report. Each hop is below the one that called it; its stages are drawn one
    after another.
    """
    from pathlib import Path

    from rich.console import Console

    from cli.errors import UserError
    from cli.log_lines import Wanted, story
    from cli.waterfall import draw, svg, waterfall
    from local.log_files import log_lines

    wanted = Wanted(report=identifier) if len(identifier) == 26 else Wanted(trace=identifier)
    told = story(log_lines(Home.current()), wanted)
    bars = waterfall(told)
    if not bars:
        raise UserError(
            f"No hop of {identifier} is in the logs.",
            hint="`python -m local logs` lists reports; the logs begin anew when a process starts.",
        )
    if picture is None:
        draw(bars, Console(highlight=False, markup=False))
    else:
        traces = sorted({line["trace"] for line in told if "trace" in line})
        Path(picture).write_text(svg(bars, f"trace {', '.join(traces)}"), "utf-8")


@local.command()
def doctor() -> int:
    """Check the usual reasons for a failed start, each with a hint."""
    from local.doctor import run_doctor

    return run_doctor(Home.current())


for _command in (outputs, redrive, token):
    local.add_command(_command)


def _is_drawn(photo: Path) -> bool:
    """Whether a photo is one of the drawn samples."""
    path = photo.expanduser().resolve()
    return path.parent == SAMPLE.parent and path.name.startswith(_DRAWN)


@local.command()
@click.option(
    "--photo",
    "photos",
    multiple=True,
    metavar="PATH",
    help="A photo of the product; up to 8. Default: those in the variable PHOTO, else a drawn mug.",
)
@click.argument("more_photos", nargs=-1, metavar="[PATH]...")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    default=lambda: os.environ.get("JSON", "") not in ("", "0"),
    help="Print only the report, as JSON. Default when the variable JSON is set.",
)
@click.option(
    "--languages",
    metavar="LANGUAGES",
    help="The languages of the report, as in fr or en,fr. Default: English, and those of the settings.",
)
@mode_option
def demo(
    photos: tuple[str, ...], more_photos: tuple[str, ...], as_json: bool, languages: str | None, mode: Mode
) -> int:
    """Bring the system up and print the report of a photo.

    The photos are posted through the gateway. With --mode async a database row asks for the
    report instead, and a timeline is printed.

    Photos of your own go to the demo's model for photographs, drawn samples to that for drawn goods;
    the variable MODEL names another one for both. The system restarts what the other model needs.
    """
    from cli.errors import UserError
    from local.demo.command import photo_paths, read_languages, read_photos, report_on
    from model_artifacts.blip2_photo import MODEL as PHOTO_MODEL

    asked = read_languages(languages)
    if asked and mode == "async":
        raise UserError(
            "--languages is for --mode realtime: the row of the database names one language.",
            hint="Set [listing] languages in environments/local.toml for more.",
        )
    paths = photo_paths((*photos, *more_photos), os.environ.get("PHOTO", "")) or [SAMPLE]
    files = read_photos(paths)
    if not all(_is_drawn(path) for path in paths):
        os.environ["MODEL"] = os.environ.get("MODEL") or str(PHOTO_MODEL)
    page, status = _bring_up(mode), 0
    if mode == "async":
        from local.demo.timeline import follow_row  # its packages are installed for this mode only

        status = follow_row(files, as_json=as_json)
    else:
        report_on(files, as_json=as_json, languages=asked)
    click.echo(page, err=True)
    return status

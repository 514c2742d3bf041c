"""The commands that show changes: what a deployment would change or undo, and what was changed beside it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.errors import UserError
from ops.options import FILE, FOLDER, env_option, explain, make_console, opened

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command()
@click.argument("folders", nargs=-1, type=FOLDER, metavar="[OLD NEW]")
@click.option("--env", "named", metavar="NAME", help="Compare an environment with what is deployed of it.")
@click.option("--base", metavar="COMMIT", help="Compare every environment with that of a commit.")
@click.option(
    "--openapi", "documents", nargs=2, type=FILE, metavar="OLD NEW", help="OpenAPI documents to compare too."
)
@click.option(
    "--allow",
    multiple=True,
    type=click.Choice(["data-loss", "breaking-api"]),
    help="Do not refuse what a label of the pull request allows.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--comment", type=Path, metavar="FILE", help="Write the comment of a pull request too.")
def diff(
    folders: tuple[Path, ...],
    named: str | None,
    base: str | None,
    documents: tuple[Path, Path] | None,
    allow: tuple[str, ...],
    as_json: bool,
    comment: Path | None,
) -> int:
    """Show what a deployment would change, what it costs, and whether it loses data or breaks the API.

    OLD and NEW are folders of synthesized templates: of one environment, or of several as `make synth` writes
    them. With --base, both sides are synthesized here, and the comment is printed. Neither needs an account
    or credentials. With --env, the CDK compares with the account.

    The status is 2 where data would be lost or the API breaks its clients, and --allow does not name it.
    """
    from cli import cdk
    from ops.commands.diff import Wanted, diff_commit, diff_folders

    if (len(folders) == 2) + (named is not None) + (base is not None) != 1 or len(folders) not in (0, 2):
        raise click.UsageError("Pass two folders, or --base, or --env.")
    if named is not None:
        cdk.run_cdk(cdk.diff(named))
        return 0
    wanted = Wanted(frozenset(allow), as_json, comment)
    if base is not None:
        return diff_commit(base, wanted)
    return diff_folders(folders[0], folders[1], documents, wanted)


@click.command()
@env_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def drift(named: str, as_json: bool) -> int:
    """Show what was changed in the account beside CloudFormation.

    CloudFormation compares each deployed stack with its template, read by the bootstrap's lookup role. Values
    of environment variables, and such with an e-mail address, are not shown.

    The status is 1 where a resource differs, 2 where something could not be compared.
    """
    from ops.commands.drift import FAILED, drift

    with _failing_with(FAILED):
        return drift(*opened(named), make_console(), as_data=as_json)


@click.command()
@env_option
@click.option(
    "--any-model", is_flag=True, help="Leave model and model stack out: for a release and a rollback."
)
def forward(named: str, any_model: bool) -> None:
    """Refuse a deployment of this commit that would undo another one, or the release of a model.

    A released model counts until a commit names it in the settings. Nothing is changed; a deployment at a
    desk does not ask this.
    """
    from ops.commands.forward import forward

    forward(*opened(named), named=named, any_model=any_model, report=click.echo)


@contextmanager
def _failing_with(status: int) -> Iterator[None]:
    """Let an error that is explained to the user end the command with this status."""
    try:
        yield
    except UserError as error:
        error.exit_status = status
        raise
    except Exception as error:
        if (explained := explain(error)) is None:
            raise
        explained.exit_status = status
        raise explained from error

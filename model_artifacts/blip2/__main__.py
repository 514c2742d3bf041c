"""The artifact's commands: `python -m model_artifacts.blip2 COMMAND --help` lists the options of each."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.entry import run_commands
from cli.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Each command imports its own module: some of them import the SDK or torch.
_FILE = click.Path(path_type=Path)
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_ARCHIVE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Package, check, compare and deploy the archive that the endpoint serves."""


@commands.command()
@click.option("--out", type=_FILE, required=True, metavar="FILE", help="the archive to write")
@click.option(
    "--model",
    default="demo",
    show_default=True,
    metavar="MODEL",
    help="demo, a BLIP-2's folder, or a hub id owner/name",
)
@click.option("--revision", metavar="COMMIT", help="the hub's commit, 40 hexadecimal digits")
@click.option(
    "--catalogue",
    metavar="NAME",
    help="drawn, photo, second_hand or a catalogue's folder; default: that of the model's catalogue.json, "
    "else second_hand",
)
@click.option("--with-packages", is_flag=True, help="include the Python packages, for network isolation")
def package(out: Path, model: str, revision: str | None, catalogue: str | None, with_packages: bool) -> None:
    """Build an archive; print its SHA-256 and key."""
    from .tools import packaging

    sha256 = packaging.package(
        out, model, catalogue=catalogue, revision=revision, with_packages=with_packages
    )
    click.echo(f"sha256: {sha256}\nkey: {packaging.key(sha256)}")


@commands.command("catalogue")
@click.option("--model", type=_FOLDER, required=True, metavar="FOLDER", help="a BLIP-2's folder")
@click.option(
    "--catalogue", "name", required=True, metavar="NAME", help="drawn, photo, second_hand or a folder"
)
def catalogue_command(model: Path, name: str) -> None:
    """Write a catalogue in the model's tokens into its folder, so that the folder can be served."""
    from .tools import catalogue_file

    click.echo(f"{model / catalogue_file.NAME}: catalogue {catalogue_file.write(model, name)}")


@commands.command("flight-check")
@click.option("--archive", type=_FILE, required=True, metavar="FILE")
@click.option("--instance-type", default="ml.t2.medium", show_default=True, metavar="TYPE")
@click.option(
    "--here",
    is_flag=True,
    help="serve with this environment's packages: faster, but a missing requirement is not found",
)
@click.option(
    "--torchserve", is_flag=True, help="serve by TorchServe too (needs Java), and compare the answers"
)
@click.option("--catalogue", metavar="FOLDER", help="of an archive whose catalogue is not a committed one")
def flight_check_command(
    archive: Path, instance_type: str, here: bool, torchserve: bool, catalogue: str | None
) -> None:
    """Serve an archive as SageMaker would, and send it a photo."""
    from .tools.flight_check.command import flight_check

    click.echo(
        "\n".join(flight_check(archive, instance_type, catalogue=catalogue, here=here, aws_server=torchserve))
    )


@commands.command()
@click.option("--old", type=_FILE, required=True, metavar="ARCHIVE", help="the archive served now")
@click.option("--new", type=_FILE, required=True, metavar="ARCHIVE", help="the archive to compare with it")
@click.option(
    "--most", default=50, show_default=True, metavar="N", help="reports to read from each s3:// place"
)
@click.option("--catalogue", metavar="FOLDER", help="of archives whose catalogue is not a committed one")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO…")
def replay(old: Path, new: Path, most: int, catalogue: str | None, photos: tuple[str, ...]) -> None:
    """Compare the reports of two archives on photos.

    PHOTO is a photo, a folder of photos, or s3://BUCKET/photos/… as the service stored them.
    """
    from .tools.replay import compare

    click.echo("\n".join(compare(old, new, photos, most, catalogue)))


@commands.command()
@click.option("--model", required=True, metavar="MODEL", help="demo, or a BLIP-2's folder")
@click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    metavar="CSV",
    help="labelled photos: photo,type,material,colour,pattern,wear",
)
@click.option(
    "--catalogue",
    metavar="CATALOGUE",
    help="drawn, photo, second_hand or a folder; default: that of the model's catalogue.json, or second_hand",
)
@click.option(
    "--out", type=_FILE, metavar="FOLDER", help="write a calibrated copy; default: the model itself"
)
@click.option(
    "--report", type=_FILE, metavar="FOLDER", help="of table and plots; default: calibration beside the CSV"
)
@click.option(
    "--precision",
    type=click.FloatRange(0.5, 1.0),
    default=0.9,
    show_default=True,
    help="the share of answers above a threshold that must be right",
)
@click.option(
    "--wear-tiles",
    type=click.Choice(["0", "4"]),
    default="0",
    show_default=True,
    help="wear_tiles of the environment that the model is for",
)
def calibrate(
    model: str,
    photos: Path,
    catalogue: str | None,
    out: Path | None,
    report: Path | None,
    precision: float,
    wear_tiles: str,
) -> None:
    """Fit a model's probabilities to labelled photos.

    A question needs 100 labelled photos, a kind of wear 10 with it and 10 without it; others stay
    uncalibrated. A run that is stopped goes on where it ended. docs/model.md says how to label.
    """
    from .tools.calibration.command import calibrate

    lines = calibrate(
        model,
        photos,
        catalogue=catalogue,
        out=out,
        report=report,
        precision=precision,
        wear_tiles=int(wear_tiles),
    )
    click.echo("\n".join(lines))


@commands.command()
@click.option("--endpoint", required=True, metavar="NAME", help="created, or updated if it exists")
@click.option("--archive", type=_ARCHIVE, metavar="FILE", help="uploaded to the SDK's default bucket")
@click.option("--model-data", metavar="URI", help="an uploaded archive: s3://…")
@click.option("--role", required=True, metavar="ARN", help="the container's role")
@click.option("--instance-type", required=True, metavar="TYPE", help="such as ml.g4dn.xlarge")
@click.option("--image-uri", metavar="URI", help="in place of AWS's PyTorch image")
@click.option("--region", help="default: the region of the AWS settings")
def deploy(
    endpoint: str,
    archive: Path | None,
    model_data: str | None,
    role: str,
    instance_type: str,
    image_uri: str | None,
    region: str | None,
) -> None:
    """Deploy by SageMaker's SDK to an endpoint that no stack owns."""
    from .tools.deploy import deploy

    source = archive or model_data
    if source is None or (archive and model_data):
        raise click.UsageError("give one of --archive and --model-data")
    click.echo(deploy(endpoint, source, role, instance_type, image_uri=image_uri, region=region))


@commands.command()
@click.option("--model", required=True, metavar="OWNER/NAME", help="the hub's id")
@click.option("--revision", required=True, metavar="COMMIT", help="the 40 hexadecimal digits in use")
def watch(model: str, revision: str) -> int:
    """Compare a pinned hub revision with the newest. The status is 1 where the hub has a newer one."""
    from .tools import hub

    line, newer = hub.watch(model, revision)
    click.echo(line)
    return int(newer)


@commands.command()
@click.option("--region", required=True)
@click.option("--instance-type", required=True, metavar="TYPE", help="such as ml.g4dn.xlarge")
@click.option("--image-uri", metavar="URI", help="in place of AWS's PyTorch image")
def container(region: str, instance_type: str, image_uri: str | None) -> None:
    """Print the PyTorchModel's container as JSON."""
    # On import, the SDK looks for credentials: in a profile, and on EC2 by the network.
    os.environ.pop("AWS_PROFILE", None)
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    # And it logs to standard output, which is for the result.
    with contextlib.redirect_stdout(sys.stderr):
        from .definition import container

        found = container(region=region, instance_type=instance_type, image_uri=image_uri)
    click.echo(json.dumps(found, indent=2))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status, as `cli.entry.run_commands`."""
    return run_commands(commands, arguments, program="python -m model_artifacts.blip2", explain=_explain)


def _explain(error: Exception) -> UserError | None:
    return UserError(str(error)) if isinstance(error, (OSError, ValueError, ImportError)) else None


if __name__ == "__main__":
    sys.exit(main())

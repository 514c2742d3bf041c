"""The commands of the service's image: built once, promoted by its digest, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ops.options import FOLDER, env_option, opened

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@env_option
@click.option("--write", is_flag=True, help="Write the digest into the environment's file.")
@click.option("--save", type=FOLDER, metavar="FOLDER", help="Write the image for `promote`; needs skopeo.")
def image(named: str, write: bool, save: Path | None) -> None:
    """Build and push the service's image of this commit.

    Prints the digest, which goes into the environment's file, so that a deployment builds no image.
    """
    from ops.commands.image import image
    from ops.commands.promote import save as save_image
    from ops.commands.promote import write_digest

    settings, session = opened(named)
    ecr = session.client("ecr")
    digest = image(settings, ecr, click.echo)
    if save is not None:
        save_image(settings, ecr, digest, save)
    if write:
        write_digest(named, digest, click.echo)
        return
    click.echo(f"For environments/{settings.name}.toml, above its first section:")
    click.echo(f'image_digest = "{digest}"')


@click.command()
@env_option
@click.option("--digest", required=True, metavar="DIGEST", help="The image's digest: sha256:…")
@click.option("--image", type=FOLDER, metavar="FOLDER", help="What `image --save` wrote; needs skopeo.")
def promote(named: str, digest: str, image: Path | None) -> None:
    """Push an image that was built for another environment; its digest stays.

    Without --image, the image must be in the environment's repository already. The environment's file then
    names the digest, and the next deployment runs the image.
    """
    from ops.commands.promote import promote, write_digest

    settings, session = opened(named)
    promote(settings, session.client("ecr"), digest, image, click.echo)
    write_digest(named, digest, click.echo)


@click.command()
@env_option
def digest(named: str) -> None:
    """Print the digest of the image that the service runs, for `rollback`.

    Nothing is printed where the service is not deployed, or where the CDK has built its image.
    """
    from ops.commands.promote import running_digest

    if (found := running_digest(*opened(named))) is not None:
        click.echo(found)


@click.command()
@env_option
@click.option("--digest", required=True, metavar="DIGEST", help="The digest of an earlier image.")
def rollback(named: str, digest: str) -> None:
    """Let the service run an earlier image again, and change nothing else.

    The deployed template of the analyze stack is deployed again with that image, not this checkout's. The
    environment's file then names the image. Where it runs already, nothing is deployed.
    """
    from ops.commands.rollback import rollback

    rollback(*opened(named), named=named, digest=digest, report=click.echo)

"""The catalogue that an environment asks about, and the one in an archive."""

from __future__ import annotations

import json
import re
import tarfile
from typing import TYPE_CHECKING

from catalogue import GOODS
from cli.errors import UserError
from model_artifacts.blip2.tools.catalogue_file import NAME, load

if TYPE_CHECKING:
    from pathlib import Path

    from catalogue import Catalogue
    from settings.environment import Environment


def selected_goods(settings: Environment) -> Catalogue:
    """Return the departments of the committed catalogue that the settings select.

    Raises CatalogueError for an unknown one.
    """
    whole = load(settings.catalogue.goods)
    return whole if settings.catalogue.departments is None else whole.select(settings.catalogue.departments)


def check_goods(settings: Environment, archive: Path) -> str:
    """Return the version of an archive's catalogue, which is the committed one of the settings' goods.

    Raises UserError for another one, and for an archive whose catalogue cannot be read.
    """
    goods = settings.catalogue.goods
    found, committed = version_in(archive), load(goods).version
    if found == committed:
        return found
    other = next((name for name in GOODS if load(name).version == found), None)
    hint = f"Package the model again with --catalogue {goods}"
    if other is None:
        hint += ", or check out the commit that the archive was packaged from."
    else:
        hint += f', or set catalogue.goods = "{other}" in the settings.'
    raise UserError(
        f"{archive} holds the catalogue {found}{f' ({other})' if other else ''}, and the services of "
        f"{settings.name} hold {committed} ({goods}): its endpoint would refuse their requests.",
        hint=hint,
    )


def version_in(archive: Path) -> str:
    """Return the version that an archive's catalogue.json states. Raises UserError where there is none."""
    hint = "Package the model by `python -m model_artifacts.blip2 package`."
    try:
        with tarfile.open(archive) as tar:
            # The members are sorted, so this ends before the weights.
            file = next((tar.extractfile(one) for one in tar if one.name.removeprefix("./") == NAME), None)
            if file is None:
                raise UserError(f"{archive} holds no {NAME}.", hint=hint)
            version = json.loads(file.read())["version"]
    except (tarfile.TarError, EOFError, OSError) as error:
        raise UserError(f"{archive} cannot be read: {error}.", hint=hint) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{archive}: its {NAME} states no version.", hint=hint) from error
    if not isinstance(version, str) or not re.fullmatch(r"[0-9a-f]{16}", version):
        raise UserError(f"{archive}: its {NAME} states no version.", hint=hint)
    return version

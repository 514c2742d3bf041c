"""What an archive answers on this machine, which a canary must answer too."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cli.errors import UserError
from model_artifacts.blip2.tools.archive import remove_foreign_packages, unpacked
from model_artifacts.blip2.tools.serving import serving
from services.core.domain.errors import VitrineError
from services.core.vision.endpoint import RealtimeVisionEndpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogue import Catalogue
    from model_artifacts.blip2.tools.replay import PhotoSet
    from services.core.domain.observation import Observation


def answers_here(archive: Path, photos: Sequence[PhotoSet], goods: Catalogue) -> list[Observation]:
    """Serve an archive and ask it about the goods on each photo; its packages are this environment's own.

    Raises ArchiveError, and UserError for an answer that the service could not use.
    """
    with unpacked(archive) as inside:
        remove_foreign_packages(inside.code)
        with serving(inside, Path(sys.executable)) as runtime:
            endpoint = RealtimeVisionEndpoint(cast("Any", runtime), str(archive), goods)
            try:
                return [endpoint.observe(one.photos) for one in photos]
            except VitrineError as error:
                raise UserError(f"{archive}: {error}.", hint="See what flight-check says of it.") from error

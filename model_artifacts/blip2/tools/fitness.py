"""What the handlers would say of a model's folder before they read its weights."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .catalogue_file import CODE
from .errors import PackagingError

if TYPE_CHECKING:
    from pathlib import Path


def loading_fault(model: Path) -> str | None:
    """Why the handlers would refuse to load the model in a folder; None if they would not."""
    _find_handlers()
    from loading import architecture_of, check_config
    from model_error import UnfitModelError
    from transformers import AutoConfig
    from weight_check import check_weights

    try:
        config = AutoConfig.from_pretrained(model, local_files_only=True)
        check_config(model, config)
        check_weights(model, config, architecture_of(config))
    except UnfitModelError as error:
        return str(error)
    except (OSError, ValueError) as error:
        return f"{model / 'config.json'}: {str(error).strip().splitlines()[0]}"
    return None


def calibrated_for(model: Path) -> str | None:
    """The version of the catalogue that the folder's calibration is for; None: it states no calibration.

    Raises PackagingError for a calibration that the handlers would refuse.
    """
    _find_handlers()
    from calibration import read_calibration

    try:
        return read_calibration(model).catalogue
    except ValueError as error:
        raise PackagingError(str(error)) from error


def _find_handlers() -> None:
    if str(CODE) not in sys.path:
        sys.path.insert(0, str(CODE))

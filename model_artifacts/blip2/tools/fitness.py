"""Whether the handlers can load a model's folder, as far as config.json and the weights' headers say."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .catalogue_file import CODE

if TYPE_CHECKING:
    from pathlib import Path


def loading_fault(model: Path) -> str | None:
    """Why the handlers would refuse to load the model in a folder; None if they would not."""
    if str(CODE) not in sys.path:
        sys.path.insert(0, str(CODE))
    from loading import check_config
    from model_error import UnfitModelError
    from transformers import AutoConfig
    from weight_check import check_weights

    try:
        config = AutoConfig.from_pretrained(model, local_files_only=True)
        check_config(model, config)
        check_weights(model, config)
    except UnfitModelError as error:
        return str(error)
    except (OSError, ValueError) as error:
        return f"{model / 'config.json'}: {str(error).strip().splitlines()[0]}"
    return None

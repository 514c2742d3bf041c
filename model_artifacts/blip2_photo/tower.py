"""The vision tower's module, from the code that the model's container runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

CODE = Path(__file__).resolve().parents[1] / "blip2" / "code"


def tower_code() -> Any:
    """The module of the vision tower, as the model's container imports it."""
    if str(CODE) not in sys.path:
        sys.path.insert(0, str(CODE))
    import efficientnet

    return efficientnet

"""What a release did, step by step: a line for the person who waits, and one of JSON that is kept."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Events:
    """The log of one archive's way to one environment."""

    file: Path
    env: str
    sha256: str

    def note(self, event: str, **more: str | float) -> None:
        """Add an event to the file, and say it on standard error."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": now, "event": event, "env": self.env, "sha256": self.sha256, **more}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line, ensure_ascii=False) + "\n")
        said = ", ".join(f"{key} {value}" for key, value in more.items())
        words = event.replace("_", " ") + (f": {said}" if said else "")
        sys.stderr.write(f"{now[11:19]} {self.env} {self.sha256[:12]} {words}\n")

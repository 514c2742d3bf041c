"""The events of a command: a line on standard error, and a JSON line in a file."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Events:
    """An event log about one subject; the keys of `about` are in every JSON line."""

    file: Path
    about: Mapping[str, str]

    def note(self, event: str, **more: str | float) -> None:
        """Append an event to the file and print it on standard error."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": now, "event": event, **self.about, **more}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line, ensure_ascii=False) + "\n")
        said = ", ".join(f"{key} {value}" for key, value in more.items())
        words = event.replace("_", " ") + (f": {said}" if said else "")
        # The first digits of a hash are enough to recognise it.
        about = " ".join(value[:20] for value in self.about.values())
        sys.stderr.write(f"{now[11:19]} {about} {words}\n")

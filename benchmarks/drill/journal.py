"""Lines in a file that outlive whoever writes them: each is written at once, and read back whole."""

import json
import os
import time
from pathlib import Path
from typing import Any


class Journal:
    """Appends entries to a file. Threads and processes may share it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, **entry: Any) -> None:
        """Write one entry, with the time."""
        os.write(self._file, (json.dumps({"at": time.time(), **entry}) + "\n").encode())


def entries(path: Path) -> list[dict[str, Any]]:
    """All entries so far; what is cut off at the end is none."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    return [json.loads(line) for line in lines[:-1]]

"""`python -m benchmarks.log_driver`: reads standard input as the awslogs driver does when non-blocking.

It always reads, and sends on by a thread of its own. Lines wait in a buffer, and new ones are dropped while
that is full. With --stopped nothing is sent on, as while CloudWatch does not answer.
"""

import argparse
import sys
import threading
import time
from collections import deque
from pathlib import Path

# As in stacks/analyze/task.py.
BUFFER_BYTES = 25 * 2**20


def main() -> None:
    """Read until the end of the input."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.log_driver", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--stopped", action="store_true")
    options = parser.parse_args()
    waiting: deque[bytes] = deque()

    def send() -> None:
        with options.file.open("ab") as out:
            while True:
                time.sleep(0.2)
                while waiting:
                    out.write(waiting.popleft())
                out.flush()

    if not options.stopped:
        threading.Thread(target=send, daemon=True).start()
    size = 0
    for line in sys.stdin.buffer:
        size = size + len(line) if options.stopped else len(line)
        if size <= BUFFER_BYTES:
            waiting.append(line)
    time.sleep(0.5)


if __name__ == "__main__":
    main()

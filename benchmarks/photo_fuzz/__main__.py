"""`python -m benchmarks.photo_fuzz`: feed mutated photos to the service's decoding.

Each input follows from SEED and its number, so a run can be continued, and an input made again. An input may
be read or refused by an error of ours; anything else is kept in `.vitrine/fuzz/` and fails the run.
"""

import argparse
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import psutil

from benchmarks.figures import FIGURES, Figure, keep, say, show
from benchmarks.photo_fuzz.mutation import mutated
from benchmarks.photo_fuzz.seeds import PHOTOS, ROOT, Seed, seeds
from services.core.domain.errors import InvalidInput
from services.core.photos.decode import MEMORY_BYTES
from services.core.photos.photo import decoders, prepare
from services.core.photos.protocol import CPU_S

KEPT = ROOT / ".vitrine" / "fuzz"
BATCH = 250


@dataclass
class Run:
    """What has come of the inputs so far."""

    outcomes: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    peak_bytes: int = 0

    @property
    def inputs(self) -> int:
        """The number of inputs."""
        return sum(self.outcomes.values())


def fuzz(
    photos: Sequence[Seed],
    seed: int,
    start: int,
    count: int,
    tell: Callable[[Run], None] = lambda _: None,
) -> Run:
    """Feed the inputs `start` to `start + count` of `seed`."""
    run = Run()

    def feed(number: int) -> None:
        source = random.Random(f"{seed}-{number}")  # noqa: S311 - inputs that can be made again
        photo = source.choice(photos)
        alike = [other for other in photos if other.format == photo.format]
        content = mutated(source, photo, source.choice(alike))
        began = time.monotonic()
        outcome = _outcome(content)
        run.slowest_s = max(run.slowest_s, time.monotonic() - began)
        run.outcomes[f"{photo.format}: {outcome}"] += 1
        if outcome.startswith("unexpected"):
            run.unexpected.append(f"{number}: {outcome}")
            KEPT.mkdir(parents=True, exist_ok=True)
            (KEPT / f"{seed}-{number}").write_bytes(content)

    numbers = iter(range(start, start + count))
    with ThreadPoolExecutor(decoders.count) as threads:
        while batch := list(islice(numbers, BATCH)):
            list(threads.map(feed, batch))
            run.peak_bytes = max(run.peak_bytes, *_peaks())
            tell(run)
    return run


def _outcome(content: bytes) -> str:
    try:
        prepare(content, "images[0]", with_colours=True)
    except InvalidInput as error:
        return f"{type(error).__name__} {error.remedy.partition(',')[0]}"
    except Exception as error:
        return f"unexpected {type(error).__name__}"
    return "read"


def _peaks() -> list[int]:
    """The peak memory of each decoder that lives."""
    peaks = [0]
    for process in psutil.Process().children(recursive=True):
        status = Path(f"/proc/{process.pid}/status")
        try:
            lines = status.read_text().splitlines()
        except OSError:
            continue
        peaks += [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
    return peaks


def main() -> None:
    """Fuzz, print one line per figure, and keep the run in docs/figures/photo-fuzz.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photo_fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of all inputs (default: %(default)s)")
    parser.add_argument(
        "--start", type=int, default=0, help="the first input's number (default: %(default)s)"
    )
    parser.add_argument("--count", type=int, default=20_000, help="of inputs (default: %(default)s)")
    parser.add_argument("--photos", type=Path, default=PHOTOS, help="a folder of JPEGs and PNGs to vary")
    options = parser.parse_args()
    crashes = _Crashes()
    logging.getLogger("services").addHandler(crashes)
    own = psutil.Process().memory_info().rss

    def tell(run: Run) -> None:
        done = options.start + run.inputs
        say(f"{done} inputs, {len(run.unexpected)} unexpected; continue with --start {done}", again=True)

    run = fuzz(seeds(options.photos), options.seed, options.start, options.count, tell)
    grown = psutil.Process().memory_info().rss - own
    figures = [
        Figure("fuzz_inputs", run.inputs, at_least=20_000),
        Figure("fuzz_unexpected", len(run.unexpected), at_most=0),
        Figure("fuzz_decoder_crashes", crashes.count),
        Figure("fuzz_read_share", sum(n for name, n in run.outcomes.items() if "read" in name) / run.inputs),
        Figure("fuzz_slowest_s", run.slowest_s, at_most=CPU_S),
        Figure("fuzz_peak_decoder_mb", run.peak_bytes / 1e6, at_most=MEMORY_BYTES / 1e6 + 100),
        Figure("fuzz_service_grown_mb", grown / 1e6, at_most=100),
    ]
    for name, number in sorted(run.outcomes.items()):
        say(f"{number:6} {name}")
    keep(
        FIGURES / "photo-fuzz.json",
        figures,
        {"seed": options.seed, "outcomes": dict(sorted(run.outcomes.items()))},
    )
    show(figures)
    sys.exit("\n".join(run.unexpected) or None)


class _Crashes(logging.Handler):
    """Counts the decoders that crashed."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += "crashed" in record.getMessage()


if __name__ == "__main__":
    main()

"""`python -m benchmarks.planning.lists`: how fast a list of users is read, and in how much memory.

The list has all columns of Supabase's auth.users. 3 GB of it go through a pipe into another process.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING

from benchmarks.figures import FIGURES, Figure, keep, say, show
from planning.users.reading import read_users

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TODAY = date.today()
ROWS, DAYS = 250_000, 600
GB = 10**9
COLUMNS = (
    "instance_id,id,aud,role,email,encrypted_password,email_confirmed_at,invited_at,confirmation_token,"
    "confirmation_sent_at,recovery_token,recovery_sent_at,email_change_token_new,email_change,"
    "email_change_sent_at,last_sign_in_at,raw_app_meta_data,raw_user_meta_data,is_super_admin,created_at,"
    "updated_at,phone,phone_confirmed_at,phone_change,phone_change_token,phone_change_sent_at,confirmed_at,"
    "email_change_token_current,email_change_confirm_status,banned_until,reauthentication_token,"
    "reauthentication_sent_at,is_sso_user,deleted_at,is_anonymous\n"
)

# A process's own peak: what the kernel tells of a child counts the memory of its parent too.
READING = r"""
import re, sys
from datetime import date
from pathlib import Path
from planning.users.reading import read_users
users = read_users(sys.stdin.buffer, "standard input", date.today())
print(users.total, re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def rows(count: int) -> Iterator[str]:
    """Yield so many rows; the sign-ups are spread evenly over DAYS days."""
    for number in range(count):
        day = TODAY - timedelta(days=1 + number * 7919 % DAYS)
        at = f"{day} {number % 24:02}:{number % 60:02}:{number * 7 % 60:02}.{number % 10**6:06}+00"
        yield (
            f"00000000-0000-0000-0000-000000000000,{number:08x}-0000-4000-8000-{number:012x},authenticated,"
            f"authenticated,user{number}@example.com,$2a$10${number:053},{at},,,{at},,,,,,{at},"
            '"{""provider"": ""email"", ""providers"": [""email""]}",'
            f'"{{""name"": ""Zoé {number}"", ""terms"": true}}",,{at},{at},,,,,,{at},,0,,,,false,,false\n'
        )


def piped(size: int) -> tuple[float, float, int]:
    """Send so many bytes to a process that reads a list; return its peak MB, its seconds, and the users."""
    block = "".join(rows(4000)).encode()
    command = [sys.executable, "-c", READING]
    begun = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(COLUMNS.encode())
    for sent in range(0, size, len(block)):
        process.stdin.write(block)
        say(f"{sent / GB:.2f} of {size / GB:g} GB", again=True)
    process.stdin.close()
    users, peak_kb = process.stdout.read().split()
    process.stdout.close()
    if process.wait():
        raise SystemExit(f"the reading process ended with status {process.returncode}")
    return int(peak_kb) / 1000, time.monotonic() - begun, int(users)


def main(arguments: Sequence[str] = ()) -> None:
    """Measure, print one line per figure, and keep the run in docs/figures/planning-lists.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planning.lists", description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=3.0, help="through the pipe; default: %(default)s")
    gigabytes = parser.parse_args(arguments).gigabytes
    data = (COLUMNS + "".join(rows(ROWS))).encode()
    begun, worked = time.monotonic(), time.process_time()
    users = read_users(io.BytesIO(data), "made.csv", TODAY)
    seconds, processor = time.monotonic() - begun, time.process_time() - worked
    if users.total != ROWS:
        raise SystemExit(f"{users.total} users of {ROWS} were counted")
    say(f"{ROWS} rows of {len(data) / 1e6:.0f} MB in {seconds:.1f} s; now {gigabytes:g} GB through a pipe")
    small_mb, _, _ = piped(30_000_000)
    big_mb, piped_s, piped_users = piped(round(gigabytes * GB))
    figures = [
        # Reading waits for nothing: on an idle machine the seconds are those of the processor.
        Figure("rows_250000_processor_seconds", processor, at_most=10.0),
        Figure("rows_250000_seconds", seconds),
        Figure("pipe_gigabytes", gigabytes, at_least=3.0),
        Figure("pipe_users", piped_users),
        Figure("pipe_seconds", piped_s),
        Figure("pipe_peak_mb", big_mb),
        Figure("pipe_peak_over_30_mb_list_mb", big_mb - small_mb, at_most=4.0),
    ]
    show(figures)
    keep(
        FIGURES / "planning-lists.json", figures, {"rows_mb": len(data) / 1e6, "small_list_peak_mb": small_mb}
    )


if __name__ == "__main__":
    main(sys.argv[1:])

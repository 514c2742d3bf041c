"""The endpoint's two modes on this machine.

`realtime`: the model answers while the service waits. `async`: it is asked by a queue and tells when it has
answered; Supabase's parts come with it, which ask for reports by webhook and take them in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import argparse

    from local.home import Home

Mode = Literal["realtime", "async"]
MODES: tuple[Mode, ...] = ("realtime", "async")


def add_option(parser: argparse.ArgumentParser) -> None:
    """Let a command take --mode."""
    parser.add_argument(
        "--mode",
        choices=MODES,
        default=MODES[0],
        help="how the model is asked; async brings Supabase's parts (default: %(default)s)",
    )


def remember(home: Home, mode: Mode) -> None:
    """Note the mode of what is started now."""
    (home.state / "mode").write_text(mode, "utf-8")


def remembered(home: Home) -> Mode:
    """Return the mode of what was started last; realtime when nothing was."""
    try:
        return "async" if (home.state / "mode").read_text("utf-8") == "async" else "realtime"
    except FileNotFoundError:
        return "realtime"

"""Supabase's Edge Functions, served by a real Deno."""

from pathlib import Path

from local.home import PYTHON, REPOSITORY, TOOLS

FOLDER = Path(__file__).parent
FUNCTIONS = ("report-ready", "analyze")
# The functions read the first two; the Postgres client library reads PG*.
_READABLE_VARIABLES = ("SUPABASE_*", "VITRINE_*", "PG*")


def deno() -> Path:
    """Return where the Python packages install Deno, whether or not it is installed."""
    return PYTHON.parent / "deno"


def environment() -> dict[str, str]:
    """Return the variables that keep Deno's downloads inside this checkout, and its output plain."""
    return {"DENO_DIR": str(TOOLS / "deno"), "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}


def command(port: int) -> tuple[str, ...]:
    """Return the command that serves all functions on 127.0.0.1, with the packages of the lock file.

    The functions may use loopback, their own files and their own variables only.
    """
    return (
        *(str(deno()), "run", "--quiet", "--no-prompt", "--frozen", "--config", str(FOLDER / "deno.json")),
        "--allow-net=127.0.0.1",
        f"--allow-read={REPOSITORY / 'supabase' / 'functions'},{FOLDER}",
        f"--allow-env={','.join(_READABLE_VARIABLES)}",
        *(str(FOLDER / "main.ts"), str(port), *FUNCTIONS),
    )

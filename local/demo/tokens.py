"""Signing a demo user in, as a front end does: `python -m local token --user NAME`."""

import argparse
from collections.abc import Sequence

from cli.errors import UserError
from client import api
from client.errors import Refused, Unreachable
from local.fakes.identity import DOMAIN, PASSWORD
from local.home import Home
from local.supervisor.outputs import stack_outputs


def main(arguments: Sequence[str]) -> int:
    """Print an access token of a demo user, and nothing else."""
    parser = argparse.ArgumentParser(
        prog="python -m local token", description="Print an access token of a demo user, good for an hour."
    )
    parser.add_argument("--user", default="demo", metavar="NAME", help="any name (default: %(default)s)")
    options = parser.parse_args(arguments)
    outputs = stack_outputs(Home.current())
    print(sign_in(outputs["SupabaseUrl"], outputs["SupabasePublishableKey"], options.user))  # noqa: T201
    return 0


def sign_in(supabase_url: str, publishable_key: str, user: str) -> str:
    """Return an access token of a demo user; raise LocalError when there is no such user or no issuer."""
    try:
        return api.sign_in(supabase_url, publishable_key, f"{user}@{DOMAIN}", PASSWORD)
    except Unreachable as error:
        raise UserError(
            f"The identity issuer at {supabase_url} does not answer ({error.reason}).",
            hint="Run `python -m local up`.",
        ) from error
    except Refused as error:
        raise UserError(
            f"The identity issuer refuses user {user!r}: {error.detail}.",
            hint="A user's name has 1 to 64 letters, digits, dots, dashes and underscores.",
        ) from error

"""`python -m local.fakes.posthog`: serves PostHog on 127.0.0.1."""

import click
import uvicorn

from local.fakes.posthog.app import create_app
from local.fakes.posthog.capture import STALLED, Capture, Manner


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--project-key", required=True, metavar="KEY", help="Events with another key are refused.")
@click.option("--delay-s", default=0.0, metavar="S", help="Take so long to answer /batch/.")
@click.option("--stall", is_flag=True, help="Never answer /batch/.")
@click.option("--refuse", type=int, metavar="STATUS", help="Answer /batch/ by this status.")
def main(port: int, project_key: str, delay_s: float, stall: bool, refuse: int | None) -> None:
    """Serve until a signal ends the process; events are kept in memory."""
    manner = STALLED if stall else Manner(delay_s, refuse)
    # A client that waits for an answer must not keep the process from ending.
    uvicorn.run(
        create_app(Capture(project_key, manner)), port=port, access_log=False, timeout_graceful_shutdown=1
    )


if __name__ == "__main__":
    main()

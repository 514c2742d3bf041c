"""`python -m local.fakes.identity`: serves the issuer on 127.0.0.1."""

from pathlib import Path

import click
import uvicorn

from local.fakes.identity.app import create_app
from local.fakes.identity.tokens import load_or_create_key


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--data", type=Path, required=True, help="The folder of the signing key.")
def main(port: int, data: Path) -> None:
    """Serve until a signal ends the process, with the signing key kept in the data folder."""
    app = create_app(load_or_create_key(data / "signing-key.pem"), f"http://127.0.0.1:{port}/auth/v1")
    uvicorn.run(app, port=port, access_log=False)


if __name__ == "__main__":
    main()

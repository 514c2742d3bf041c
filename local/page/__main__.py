"""`python -m local.page`: serves the built page on 127.0.0.1."""

import json
from pathlib import Path

import click
import uvicorn

from local.page.gateway import Gateway
from local.page.server import create_app


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--folder", type=Path, required=True, help="The built page.")
@click.option("--config", required=True, help="What /config.json answers, as JSON.")
@click.option("--api-url", required=True, help="The gateway's address, for what is below /api.")
@click.option("--photos", required=True, help="The origin of the links to photos.")
def main(port: int, folder: Path, config: str, api_url: str, photos: str) -> None:
    """Serve until a signal ends the process."""
    app = create_app(folder, json.loads(config), Gateway(api_url), photos)
    uvicorn.run(app, port=port, access_log=False)


if __name__ == "__main__":
    main()

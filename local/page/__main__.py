"""`python -m local.page`: serves the built page on 127.0.0.1."""

from pathlib import Path

import click
import uvicorn

from local.page.gateway import Gateway
from local.page.server import create_app, local_config


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--folder", type=Path, required=True, help="The built page.")
@click.option("--api-url", required=True, help="The gateway's address, for what is below /api.")
@click.option("--photos", required=True, help="The origin of the links to photos.")
@click.option("--supabase-url", required=True)
@click.option("--publishable-key", required=True)
@click.option("--environment", required=True)
@click.option("--goods", required=True, help="The goods that the model knows.")
def main(
    port: int,
    folder: Path,
    api_url: str,
    photos: str,
    supabase_url: str,
    publishable_key: str,
    environment: str,
    goods: str,
) -> None:
    """Serve until a signal ends the process."""
    config = local_config(supabase_url, publishable_key, environment, goods)
    uvicorn.run(create_app(folder, config, Gateway(api_url), photos), port=port, access_log=False)


if __name__ == "__main__":
    main()

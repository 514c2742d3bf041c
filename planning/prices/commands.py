"""`python -m planning prices`: the price lists, their sources, and the settings that must agree with them."""

import os
from datetime import date
from typing import TYPE_CHECKING

import click
from pydantic import TypeAdapter, ValidationError

from cli.settings_file import write_atomically
from planning import options
from planning.errors import PlanningError
from planning.output import show
from planning.prices import llms, price_list
from planning.prices.answers import check_answer, prices_answer, refresh_answer
from planning.prices.check import check as check_settings
from planning.prices.refresh import RefreshedLlms, RefreshedPrices, differ, refresh_llms, refresh_prices
from planning.prices.rows import csv_of
from planning.prices.sources import AwayError
from settings.environment import environment_names, load_environment
from settings.field_types import Region

if TYPE_CHECKING:
    from planning.prices.price_api import PriceApi
    from planning.prices.price_list import Price

# The status of `refresh`, which an error does not have.
DIFFERENT = 3


@click.group()
def prices() -> None:
    """Show the prices that all answers use, and bring them up to date.

    They are rows of planning/prices/aws.csv and llms.csv, each with its source, its date and whether it is
    listed or assumed. Free amounts and savings plans are not in them.
    """


@prices.command("show")
@options.env
@options.as_json
def show_prices(named: str, as_json: bool) -> None:
    """Show every price of an environment's region, and of the LLMs."""
    region = load_environment(named).region
    show(prices_answer(price_list.price_list(region), llms.all_llms(), date.today()), as_json=as_json)


def _known(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    try:
        return value and TypeAdapter(Region).validate_python(value)
    except ValidationError as error:
        expected = error.errors()[0]["ctx"]["error"]
        raise click.BadParameter(f"{value} is not {expected}.") from error


@prices.command()
@click.option(
    "--region", callback=_known, metavar="REGION", help="Ask for one region only; a new one is added."
)
@click.option("--write", is_flag=True, help="Write what differs into the files.")
@options.as_json
def refresh(region: str | None, write: bool, as_json: bool) -> int:
    """Compare the prices with AWS's Price List API, and the LLMs' ends with OpenAI's list of models.

    This is the one command that uses the network. AWS is asked with the credentials that boto3 finds, which
    need the permission pricing:GetProducts; OpenAI with the key in OPENAI_API_KEY. Its prices are in no API:
    they are kept by hand. A source that does not answer leaves its rows as they are. The status is 3 where
    something differs, and 0 where nothing does but the dates of prices that a source confirms.
    """
    today, rows = date.today(), price_list.all_prices()
    found = _prices(rows, region, today)
    ends = _ends()
    if found.away and ends.away and not (found.changes or found.confirmed):
        raise PlanningError(
            f"No source answers. {found.away}. {ends.away}.",
            hint="Sign in to AWS, or set OPENAI_API_KEY.",
        )
    if write:
        write_atomically(price_list.FILE, csv_of(found.rows).encode())
        write_atomically(llms.FILE, csv_of(ends.rows).encode())
    show(refresh_answer(found, ends, written=write), as_json=as_json)
    return DIFFERENT if ends.changes or differ(rows, found.rows, today) else 0


@prices.command()
@options.as_json
def check(as_json: bool) -> int:
    """Check that the environments' LLMs are not about to end, and their prices are those of the lists.

    The status is 1 where an LLM ends within 60 days. A price that differs is a note: yours may be another.
    """
    environments = [load_environment(name) for name in environment_names()]
    findings = check_settings(environments, date.today())
    show(check_answer(len(environments), findings), as_json=as_json)
    return 1 if any(one.error for one in findings) else 0


def _prices(rows: "tuple[Price, ...]", region: str | None, today: date) -> RefreshedPrices:
    from botocore.exceptions import BotoCoreError
    from rich.console import Console

    with Console(stderr=True).status("Asking the Price List API…") as status:
        try:
            return refresh_prices(
                rows,
                _price_api(),
                today,
                region=region,
                asked=lambda what: status.update(f"Asking the Price List API: {what}"),
            )
        except BotoCoreError as error:  # before the first question, as by a profile that does not exist
            return RefreshedPrices(rows, away=f"AWS cannot be asked: {error}".rstrip("."))


def _price_api() -> "PriceApi":
    import boto3
    from botocore.config import Config

    from planning.prices.price_api import REGION, PriceApi
    from planning.prices.products import products

    patience = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 5})
    return PriceApi(boto3.client("pricing", region_name=REGION, config=patience), products())


def _ends() -> RefreshedLlms:
    from planning.prices.shutdowns import OPENAI, shutdown_dates

    rows = llms.all_llms()
    if not (key := os.environ.get("OPENAI_API_KEY", "").strip()):
        return RefreshedLlms(rows, away="OPENAI_API_KEY is not set, so OpenAI is not asked")
    try:
        return refresh_llms(rows, shutdown_dates(key, os.environ.get("OPENAI_BASE_URL") or OPENAI))
    except AwayError as error:
        return RefreshedLlms(rows, away=str(error))

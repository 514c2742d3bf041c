"""`python -m planning prices`: what the commands print, write and return."""

import json
from datetime import date
from pathlib import Path

import pytest

from cli.entry import run_commands
from planning.prices import commands, llms, price_list
from planning.prices.commands import prices
from planning.prices.price_api import PriceApi
from planning.prices.products import products
from planning.prices.rows import read_rows
from planning.prices.sources import AwayError
from tests.planning.prices.offers import answer, offer, pricing


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the price lists that commands write; they are read from the committed ones."""
    for module in (price_list, llms):
        copy = tmp_path / module.FILE.name
        copy.write_bytes(module.FILE.read_bytes())
        monkeypatch.setattr(module, "FILE", copy)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    # Else boto3 asks the network for credentials where the shell has none.
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


@pytest.fixture
def one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's API knows one price and then refuses."""
    client, stub = pricing()
    for _ in {one.region for one in price_list.all_prices()} - {price_list.EVERYWHERE}:
        answer(stub, [offer("CAN1-KMS-Keys", ("0", "1.2500000000"), unit="Keys")])
    stub.add_client_error("get_products", "ThrottlingException", "Rate exceeded.")
    stub.activate()
    monkeypatch.setattr(commands, "_price_api", lambda: PriceApi(client, products()))


def run(*arguments: str) -> int:
    return run_commands(prices, arguments, program="prices")


def lines_of(folder: Path) -> list[list[str]]:
    return [file.read_text("utf-8").splitlines() for file in (folder / "aws.csv", folder / "llms.csv")]


@pytest.mark.usefixtures("one_answer")
def test_refresh_shows_what_differs(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = lines_of(files)
    assert run("refresh") == commands.DIFFERENT == 3
    printed = capsys.readouterr().out
    assert "1 price and 0 ends of LLMs differ, 0 prices confirmed. Not written." in printed
    assert "kms_key in *       1  1.25  key-month" in printed
    assert "! AWS refuses GetProducts: Rate exceeded. Its rows stay as they are." in printed
    assert "! OPENAI_API_KEY is not set, so OpenAI is not asked. Its rows stay as they are." in printed
    assert lines_of(files) == before


@pytest.mark.usefixtures("one_answer")
def test_refresh_writes_when_told(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = lines_of(files)
    assert run("refresh", "--write", "--json") == commands.DIFFERENT
    answered = json.loads(capsys.readouterr().out)
    assert answered["written"] is True
    assert answered["prices"] == [
        {"item": "kms_key", "region": "*", "usd_before": 1.0, "usd": 1.25, "unit": "key-month"}
    ]
    after = lines_of(files)
    changed = [pair for pair in zip(before[0], after[0], strict=True) if pair[0] != pair[1]]
    assert changed == [
        (
            "kms_key,*,1,key-month,price pages of AWS,2026-11-26,listed",
            f"kms_key,*,1.25,key-month,Price List API of AWS,{date.today()},listed",
        )
    ]
    assert after[1] == before[1]


def test_refresh_takes_ends_of_llms(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, str]] = []

    def dates(key: str, url: str) -> dict[str, date | None]:
        asked.append((key, url))
        return {"gpt-6-luna": date(2028, 2, 3), "gpt-5": date(2026, 12, 11)}

    def away() -> PriceApi:
        client, stub = pricing()
        stub.add_client_error("get_products", "AccessDeniedException", "no")
        stub.activate()
        return PriceApi(client, products())

    monkeypatch.setattr(commands, "_price_api", away)
    monkeypatch.setattr("planning.prices.shutdowns.shutdown_dates", dates)
    monkeypatch.setenv("OPENAI_API_KEY", " sk-made-up\n")
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    assert run("refresh", "--write") == commands.DIFFERENT
    assert asked == [("sk-made-up", "https://api.openai.com/v1")]
    printed = capsys.readouterr().out
    assert "gpt-6-luna  none    2028-02-03" in printed
    assert "gpt-4o-mini    the provider does not list it" in printed
    assert "sk-made-up" not in printed
    assert read_rows(files / "llms.csv", llms.Llm)[0].shutdown_date == date(2028, 2, 3)


@pytest.mark.usefixtures("files")
def test_refresh_fails_without_any_source(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def usd(*_: object) -> float:
        raise AwayError("AWS does not answer: Unable to locate credentials")

    monkeypatch.setattr(PriceApi, "usd", usd)
    assert run("refresh", "--write") == 1
    error = capsys.readouterr().err
    assert (
        "No source answers. AWS does not answer: Unable to locate credentials. OPENAI_API_KEY is not" in error
    )
    assert "hint: Sign in to AWS, or set OPENAI_API_KEY." in error


@pytest.mark.usefixtures("files")
def test_missing_profile_leaves_the_other_source(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-made-up")
    monkeypatch.setattr("planning.prices.shutdowns.shutdown_dates", lambda *_: {"gpt-5": None})
    assert run("refresh") == commands.DIFFERENT
    printed = capsys.readouterr().out
    assert "! AWS cannot be asked: The config profile (nowhere) could not be found" in printed
    assert "gpt-5  2026-12-11  none" in printed


def test_unknown_region_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("refresh", "--region", "ca-centrall-1") == 2
    assert (
        "ca-centrall-1 is not a region of AWS, such as ca-central-1; did you mean" in capsys.readouterr().err
    )


def test_show_has_every_price(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "--env", "prod", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["region"] == "ca-central-1"
    assert {one["item"] for one in shown["prices"]} == set(price_list.price_list("ca-central-1").items())
    assert shown["llms"][0]["usd_per_mtok_cached_input"] == 0.01
    assert run("show") == 0
    printed = capsys.readouterr().out
    assert "load_balancer                  0.02475  hour" in printed
    assert "gpt-4o-mini     0.15         0.075         0.15     0.6    50%        2027-01-14" in printed


class Later(date):
    @classmethod
    def today(cls) -> "Later":
        return cls(2027, 1, 31)


def test_check_fails_on_an_ending_llm(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check") == 0
    assert "3 environments: 0 errors, 0 notes." in capsys.readouterr().out
    ends = llms.known_llm("gpt-5.1")
    monkeypatch.setattr("planning.prices.check.known_llm", lambda _: ends)
    monkeypatch.setattr(commands, "date", Later)
    assert run("check", "--json") == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert findings[0]["environment"] == "dev"
    assert findings[0]["message"].startswith("llm.model gpt-6-luna shuts down on 2027-04-01")
    # Of three environments that have it; the local one's is free, and differs in its price alone.
    assert [one["error"] for one in findings].count(True) == 3

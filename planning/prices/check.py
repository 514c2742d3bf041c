"""Whether settings agree with the price lists: LLMs that end, and prices that differ."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from planning.errors import UnknownPriceError
from planning.prices.llms import Llm, known_llm
from planning.prices.price_list import price_list
from settings.environment import Environment, shutdown_notice


@dataclass(frozen=True)
class Finding:
    """What differs between an environment's settings and the lists; an `error` fails `make check`."""

    environment: str
    message: str
    error: bool = False


@dataclass(frozen=True)
class _Configured:
    key: str
    model: str
    prices: dict[str, float]
    ends: date | None


def check(environments: Iterable[Environment], today: date) -> list[Finding]:
    """Return what is wrong with the LLMs and prices of the environments, errors first."""
    found = [finding for settings in environments for finding in _of(settings, today)]
    return sorted(found, key=lambda finding: not finding.error)


def _of(settings: Environment, today: date) -> Iterator[Finding]:
    for llm in _configured(settings):
        listed = known_llm(llm.model)
        if listed is None:
            # A model on one's own machine costs nothing, and no provider ends it.
            if any(llm.prices.values()):
                yield Finding(
                    settings.name,
                    f"{llm.key}.model {llm.model} is not in planning/prices/llms.csv, so neither its price "
                    "nor its end is compared",
                )
        else:
            yield from (Finding(settings.name, one) for one in _differences(llm, listed))
        announced = listed.shutdown_date if listed is not None else None
        known = [ends for ends in (llm.ends, announced) if ends is not None]
        if known and (notice := shutdown_notice(llm.key, llm.model, min(known), today)) is not None:
            yield Finding(settings.name, notice, error=True)
    if settings.target == "aws":
        yield from _instance(settings)


def _configured(settings: Environment) -> Iterator[_Configured]:
    sections = {"llm": settings.llm, "fallback_llm": settings.fallback_llm}
    for key, section in sections.items():
        if section is not None:
            values = section.model_dump()
            prices = {name: usd for name, usd in values.items() if name.startswith("usd_per_mtok_")}
            yield _Configured(key, section.model, prices, values.get("shutdown_date"))


def _differences(llm: _Configured, listed: Llm) -> Iterator[str]:
    for name, usd in llm.prices.items():
        if usd != (price := getattr(listed, name)):
            yield f"{llm.key}.{name} is {usd:g} and {listed.source} says {price:g} ({listed.as_of})"
    if llm.ends is not None and llm.ends != listed.shutdown_date:
        ends = listed.shutdown_date or "no date"
        yield f"{llm.key}.shutdown_date is {llm.ends} and planning/prices/llms.csv says {ends}"


def _instance(settings: Environment) -> Iterator[Finding]:
    model = settings.model
    try:
        price = price_list(settings.region).price(model.instance_type)
    except UnknownPriceError as error:
        yield Finding(settings.name, f"model.usd_per_hour cannot be compared: {error}")
        return
    if model.usd_per_hour != price.usd:
        yield Finding(
            settings.name,
            f"model.usd_per_hour is {model.usd_per_hour:g} and {price.usd:g} is {price.confidence} for "
            f"{model.instance_type} in {settings.region}, by {price.source} ({price.as_of})",
        )

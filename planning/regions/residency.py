"""What privacy laws ask for before the users' data is kept in a region, from `residency.toml`."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from planning.regions.places import City, Region
from settings.environment import Environment

FILE = Path(__file__).with_name("residency.toml")


@dataclass(frozen=True)
class Law:
    """A privacy law: it protects the `people` of a jurisdiction, and asks for steps outside `kept_in`."""

    name: str
    title: str
    people: str
    kept_in: str
    duty: str
    needs: tuple[str, ...]
    source: str
    as_of: date


@cache
def laws() -> tuple[Law, ...]:
    """Return the laws, the one with the most to do first."""
    return TypeAdapter(tuple[Law, ...]).validate_python(tomllib.loads(FILE.read_text("utf-8"))["law"])


def duties(cities: Iterable[City], place: Region) -> tuple[Law, ...]:
    """Return the laws that ask for a step before data of these users is kept in the region."""
    people = {one.jurisdiction for one in cities if one.weight}
    return tuple(
        law
        for law in laws()
        if any(_within(one, law.people) for one in people) and not _within(place.jurisdiction, law.kept_in)
    )


def leaving(settings: Environment) -> tuple[str, ...]:
    """Return where else the users' data goes, from every region: a sentence for each place."""
    host = settings.llm.base_url or "OpenAI"
    sentences = [
        f"The LLM of {host} gets what the model saw, in codes and words, and Supabase has the users and "
        "their rows: both are elsewhere, and need the same assessment.",
    ]
    if settings.fallback_llm is not None:
        sentences.append(f"[fallback_llm] sends photos to {host} while the endpoint is unavailable.")
    if settings.web is not None:
        sentences.append("[web] passes what is sent to the API through CloudFront, which keeps none of it.")
    return tuple(sentences)


def _within(jurisdiction: str, whole: str) -> bool:
    return jurisdiction == whole or jurisdiction.startswith(f"{whole}-")

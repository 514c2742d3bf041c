"""The settings of a second environment of the same kind, in another region."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.settings_file import with_added, with_value, without
from planning.errors import PlanningError
from planning.prices.price_list import price_list
from planning.regions.ranking import OPTIONAL, missing_in, resource_types
from settings.environment import load_environment
from settings.errors import SettingsError
from settings.naming import LINK_ZONES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from planning.regions.facts import RegionFacts
    from settings.environment import Environment

# Of one region: an image or a topic there, or names that a second environment cannot have as well.
_REGIONAL = ("image_digest", "model.image_uri", "domain")
_OF_THE_PAGE = ("web.domain_name", "web.certificate_arn", "web.hosted_zone_id")


@dataclass(frozen=True)
class SecondRegion:
    """A second environment: its settings, as a text too, what it leaves out, and what remains to do."""

    name: str
    text: str
    settings: Environment
    left_out: tuple[str, ...]
    steps: tuple[str, ...]


def require_possible(
    settings: Environment, templates: Iterable[Mapping[str, Any]], region: str, facts: RegionFacts
) -> None:
    """Raise PlanningError unless the environment can run in another region, at known prices."""
    facts.known(region)
    if region == settings.region:
        raise PlanningError(f"{settings.name} is in {region} already.", hint="Choose another region.")
    kind = settings.model.instance_type
    if not facts.hosts(region, kind):
        where = ", ".join(facts.hosted_in(kind)) or "none"
        raise PlanningError(f"{region} has no {kind} for hosting.", hint=f"Regions that have it: {where}.")
    missing, _ = missing_in(region, kind, resource_types(templates), facts)
    if missing:
        raise PlanningError(
            f"{region} lacks {', '.join(missing)}, which the stacks of {settings.name} declare.",
            hint="`python -m planning regions --all` shows the regions that have everything.",
        )
    if len(facts.zones(region)) < LINK_ZONES:
        raise PlanningError(f"{region} has fewer than {LINK_ZONES} zones.", hint="Choose another region.")
    price_list(region).price(kind)


def second_region(
    settings: Environment, text: str, name: str, region: str, facts: RegionFacts
) -> SecondRegion:
    """Return the settings of the environment `name` in another region, from the text of the first one's file.

    What belongs to the first region alone becomes a comment. Raises PlanningError for settings that
    `load_environment` refuses, as for a name that is too long.
    """
    zones = list(facts.zones(region)[: len(settings.zones)])
    usd = price_list(region).usd(settings.model.instance_type)
    left_out = tuple(_left_out(settings, region, facts))
    for key in left_out:
        text = without(text, key)
    text = with_value(text, "model.usd_per_hour", usd)
    text = with_added(text, "region", region, below="target")
    text = with_added(text, "zones", zones, below="region")
    ending = "\r\n" if "\r\n" in text else "\n"
    text = f"# {settings.name} in a second region: {region}.{ending}{text}"
    return SecondRegion(name, text, loaded(name, text), left_out, tuple(_steps(settings, name, region)))


def loaded(name: str, text: str, hint: str = "Change the settings that they are made from.") -> Environment:
    """Return the settings that a text has under the name of an environment; raises PlanningError."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.toml"
        file.write_bytes(text.encode())
        try:
            return load_environment(file)
        except SettingsError as error:
            message = str(error).replace(str(file), file.name)
            raise PlanningError(f"The new settings are refused: {message}.", hint=hint) from error


def _left_out(settings: Environment, region: str, facts: RegionFacts) -> Iterator[str]:
    present = settings.model_dump(exclude_unset=True)
    for key in _REGIONAL + _OF_THE_PAGE:
        section, _, name = key.rpartition(".")
        values = (present.get(section) or {}) if section else present
        if values.get(name) is not None:
            yield key
    if settings.alarms.notified_topic is not None:
        yield "alarms.notify"
    if settings.studio is not None and _without_studio(region, facts):
        yield "studio"


def _without_studio(region: str, facts: RegionFacts) -> bool:
    studio = [kind for kind in OPTIONAL if kind.startswith("AWS::SageMaker::")]
    return any(not facts.has(region, kind) for kind in studio)


def _steps(settings: Environment, name: str, region: str) -> Iterator[str]:
    yield f"`make lock` adds the model's container of {region} to model_artifacts/blip2/containers.json."
    secrets = ", ".join(settings.secret_names())
    yield f"Create the secrets {secrets} in {region}: a secret belongs to one region."
    yield (
        f"`make bootstrap ENV={name}`, then `make doctor ENV={name}`, which checks quotas and the zones' VPC "
        "links."
    )
    if settings.model.artifact != "demo":
        yield f"`make deploy ENV={name} ARTIFACT=…` with the archive of {settings.model.artifact}."
    else:
        yield f"`make deploy ENV={name}`."
    yield (
        "Clients choose their API: reports, quotas and idempotency keys of one region are unknown in the "
        "other, and the database's webhooks reach one API alone."
    )

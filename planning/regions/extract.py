"""`facts.csv` from the data of the installed cfn-lint, for the regions that boto3 knows too."""

from __future__ import annotations

import json
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any

from planning.errors import PlanningError
from planning.regions.facts import EVERYWHERE, Kind, Row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date
    from importlib.resources.abc import Traversable

PARTITION = "aws"  # the regions that every account can use


def extracted(before: Iterable[Row], today: date) -> list[Row]:
    """Return all rows as cfn-lint's data has them today.

    The resource types are those of the rows `before`; a new one is a row with its name alone. Rows that say
    the same as before keep their source and date. Raises PlanningError without cfn-lint.
    """
    before = list(before)
    zones, hosting, types = _cfn_lint()
    regions = sorted(_regions() & zones.keys() & hosting.keys() & types.keys())
    source = f"cfn-lint {metadata.version('cfn-lint')}"

    def row(kind: Kind, name: str, having: Collection[str]) -> Row:
        lacking = [one for one in regions if one not in having]
        if len(lacking) < len(having):
            return Row(kind, name, EVERYWHERE, " ".join(lacking) or None, source, today)
        return Row(kind, name, " ".join(sorted(having)) or None, None, source, today)

    rows = [row("region", region, [region]) for region in regions]
    rows += [row("zone", zone, [region]) for region in regions for zone in zones[region]]
    instances = sorted({one for region in regions for one in hosting[region]})
    rows += [row("hosting", one, [at for at in regions if one in hosting[at]]) for one in instances]
    resource_types = sorted({one.name for one in before if one.kind == "resource"})
    rows += [row("resource", one, [at for at in regions if one in types[at]]) for one in resource_types]
    old = {(one.kind, one.name, one.regions, one.lacking): one for one in before if one.source}
    return [old.get((one.kind, one.name, one.regions, one.lacking), one) for one in rows]


def _cfn_lint() -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
    """Return zones, instance types for hosting and resource types, each by region."""
    try:
        from cfnlint.helpers import AVAILABILITY_ZONES

        data = resources.files("cfnlint") / "data" / "schemas"
    except ImportError as error:
        raise PlanningError("cfn-lint is not installed.", hint="Run `make setup-test`.") from error
    hosting = _read(data / "extensions" / "aws_sagemaker_hosting" / "instancetype_enum.json")
    types = {
        file.name.removesuffix(".json"): _read(file)
        for file in (data / "providers").iterdir()
        if file.name.endswith(".json")
    }
    # Beside the regions the file has a key `description`, whose value is a text.
    return AVAILABILITY_ZONES, {at: one["enum"] for at, one in hosting.items() if "enum" in one}, types


def _regions() -> set[str]:
    partitions = _read(resources.files("botocore") / "data" / "partitions.json")["partitions"]
    (found,) = (one for one in partitions if one["id"] == PARTITION)
    return set(found["regions"])


def _read(file: Traversable) -> Any:
    return json.loads(file.read_text("utf-8"))

"""What each region has, from `facts.csv`: zones, instance types for hosting, and resource types.

The file is an extract of cfn-lint's data (`python -m planning regions extract`), so that the planner needs
neither cfn-lint nor a network.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from planning.errors import PlanningError
from planning.prices.rows import read_rows

FILE = Path(__file__).with_name("facts.csv")
EVERYWHERE = "*"
Kind = Literal["region", "zone", "hosting", "resource"]


@dataclass(frozen=True)
class Row:
    """One row of the file: the regions that have `name`, separated by spaces.

    `*` is every region but those of `lacking`. A row without regions waits for the next extract.
    """

    kind: Kind
    name: str
    regions: str | None
    lacking: str | None
    source: str | None
    as_of: date | None


class UnknownFactError(PlanningError):
    """The extract does not say which regions have a resource type or an instance type."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(
            f"planning/regions/facts.csv does not say which regions have {name}.",
            hint=f"Add the row `{kind},{name},,,,` to it, then run `python -m planning regions extract`.",
        )
        self.name = name


class RegionFacts:
    """Which region has what."""

    def __init__(self, rows: Iterable[Row]) -> None:
        rows = list(rows)
        self.regions = tuple(row.name for row in rows if row.kind == "region")
        self.sources = tuple(dict.fromkeys(f"{row.source}, {row.as_of}" for row in rows if row.source))
        self._having: Mapping[tuple[str, str], frozenset[str]] = {
            (row.kind, row.name): self._of(row) for row in rows if row.source
        }

    def _of(self, row: Row) -> frozenset[str]:
        if row.regions == EVERYWHERE:
            return frozenset(self.regions) - frozenset((row.lacking or "").split())
        return frozenset((row.regions or "").split())

    def known(self, region: str) -> None:
        """Raise PlanningError unless the extract has the region."""
        if region not in self.regions:
            raise PlanningError(
                f"{region} is no region of planning/regions/facts.csv.",
                hint=f"It has {', '.join(self.regions)}.",
            )

    def hosts(self, region: str, instance_type: str) -> bool:
        """Whether SageMaker hosts models on this type there, as in ml.g5.xlarge.

        A type that the extract does not have is hosted nowhere.
        """
        return region in self._having.get(("hosting", instance_type), ())

    def hosted_in(self, instance_type: str) -> tuple[str, ...]:
        """Return the regions that have an instance type for hosting, sorted."""
        return tuple(sorted(self._having.get(("hosting", instance_type), ())))

    def has(self, region: str, resource_type: str) -> bool:
        """Whether CloudFormation has this type there; raises UnknownFactError."""
        try:
            return region in self._having["resource", resource_type]
        except KeyError:
            raise UnknownFactError("resource", resource_type) from None

    def zones(self, region: str) -> tuple[str, ...]:
        """Return the names of the region's zones, sorted."""
        zones = (
            name for (kind, name), regions in self._having.items() if kind == "zone" and region in regions
        )
        return tuple(sorted(zones))


@cache
def facts() -> RegionFacts:
    """Return the committed extract."""
    return RegionFacts(read_rows(FILE, Row))

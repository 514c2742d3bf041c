"""The condition of a report as marketplaces write it, never better than what the photos show."""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from services.core.domain.listing import TradeCondition
from services.core.domain.report import Condition

NOT_ASSESSED, BROKEN = "not_assessed", "broken"
# The goods of the marketplaces whose conditions are the same in every category.
ANY = "any"
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Conditions:
    """The tables: values by marketplace, goods and condition, goods by the start of a category's path."""

    values: Mapping[tuple[str, str, str], str]
    goods: Mapping[str, str]
    broken: frozenset[str]

    def goods_of(self, category: str | None) -> str | None:
        """The goods whose conditions eBay has in a category of Google's taxonomy; None: unknown."""
        if category is None:
            return None
        starts = [start for start in self.goods if f"{category} > ".startswith(f"{start} > ") or not start]
        return self.goods[max(starts, key=len)]


@cache
def conditions() -> Conditions:
    """The committed tables, read once for each process."""
    with (_FOLDER / "conditions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rules = tomllib.loads((_FOLDER / "conditions.toml").read_text("utf-8"))
    return Conditions(
        values={(row["marketplace"], row["goods"], row["condition"]): row["value"] for row in rows},
        goods=rules["goods"],
        broken=frozenset(rules["broken"]),
    )


def trade_condition(condition: Condition, category: str | None) -> TradeCondition:
    """The condition as each marketplace writes it, of goods in this category of Google's taxonomy.

    None of them claims more than that it is second-hand where the condition was not assessed. A marketplace
    that has no such condition, or none without knowing the category, gets null.
    """
    tables = conditions()
    seen: str = condition.grade.value if condition.grade else NOT_ASSESSED
    if any(wear.tag in tables.broken for wear in condition.wear):
        seen = BROKEN
    ebay = tables.values.get(("ebay", tables.goods_of(category) or "", seen))
    return TradeCondition(
        schema_org=tables.values["schema_org", ANY, seen],
        google=tables.values["google", ANY, seen],
        facebook=tables.values.get(("facebook", ANY, seen)),
        ebay=int(ebay) if ebay else None,
    )

"""The bills of dev and prod, against by_hand.csv: a table computed by hand, with each line's arithmetic."""

import ast
import csv
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from planning.assumptions import Assumptions, load_assumptions
from planning.cost import endpoint, idle, llm, modes
from planning.cost.bill import Bill
from planning.cost.modes import monthly
from planning.errors import UnpricedResourceError
from planning.prices.llms import all_llms
from planning.prices.price_list import PriceList, all_prices
from planning.synthesis import templates
from planning.workload import Workload
from settings.environment import Environment, load_environment

HERE = Path(__file__).parent
OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def value(of: ast.expr, names: Mapping[str, float]) -> float:
    """Compute an expression of the table: numbers, names, the four operations, powers and exp."""
    match of:
        case ast.Constant(value=float(number) | int(number)):
            return number
        case ast.Name(id=name):
            return names[name]
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATORS[type(op)](value(left, names), value(right, names))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -value(operand, names)
        case ast.Call(func=ast.Name(id="exp"), args=[argument]):
            return math.exp(value(argument, names))
    raise ValueError(ast.dump(of))


def by_hand(environment: str) -> Iterator[tuple[str, float, str]]:
    """Yield name, USD and stated cents of each line of an environment."""
    lines = (HERE / "by_hand.csv").read_text("utf-8").splitlines()
    names: dict[str, float] = {}
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        found = value(ast.parse(row["arithmetic"], mode="eval").body, names)
        if row["environment"] == "let":
            names[row["what"]] = found
        elif row["environment"] in (environment, "both"):
            yield row["what"], found, row["usd"]


def usd_of(bill: Bill) -> dict[str, float]:
    return {line.what: line.usd for line in bill.lines}


def changed(change: dict[str, Any]) -> Environment:
    values: dict[str, Any] = load_environment("prod").model_dump()
    for key, given in change.items():
        values[key] = {**(values[key] or {}), **given} if isinstance(given, dict) else given
    return Environment.model_validate(values)


@pytest.fixture
def plain() -> Assumptions:
    """The assumptions that the table is computed for."""
    given: dict[str, Any] = load_assumptions().model_dump()
    one, two = {"median": 500.0, "p90": 500.0001}, {"median": 100.0, "p90": 100.0001}
    given["photos"] |= {"per_report": (0, 1), "sent_kb": one, "stored_kb": two, "uploaded_share": 0.1}
    given["photos"] |= {"uploaded_mb": 4.0}
    given["reports"] |= {"viewed": 3, "corrected_share": 0.2, "reworded_share": 0.1, "erased_share": 0.1}
    given["reports"] |= {"worded_s": {"median": 2.0, "p90": 2.000001}}
    given["arrivals"] |= {"hours": (1,) * 24, "days": (1,) * 7}
    return Assumptions.model_validate(given)


@pytest.fixture
def bill_of(plain: Assumptions, monkeypatch: pytest.MonkeyPatch) -> Callable[[Environment], Bill]:
    """Computes an environment's bill by the prices and seconds that the table is computed for."""

    def listed(region: str) -> PriceList:
        return PriceList(all_prices(HERE / "prices.csv"), region)

    monkeypatch.setattr(idle, "price_list", listed)
    monkeypatch.setattr(modes, "price_list", listed)
    (luna,) = all_llms(HERE / "llms.csv")
    monkeypatch.setattr(llm, "known_llm", lambda model: luna)
    monkeypatch.setattr(endpoint, "seconds_per_report", lambda settings, workload: 0.09)
    monkeypatch.setattr("planning.cost.report.seconds_per_report", lambda settings, workload: 0.09)

    def bill(settings: Environment) -> Bill:
        # Of what the variants change, egress alone changes which resources there are.
        declared = load_environment(settings.name).model_copy(update={"egress": settings.egress})
        return monthly(settings, templates(declared), Workload(7300, plain))

    return bill


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_bill_agrees_with_table(bill_of: Callable[[Environment], Bill], name: str) -> None:
    found = usd_of(bill_of(load_environment(name)))
    table = {what: (usd, cents) for what, usd, cents in by_hand(name)}
    _, total = table.pop("in all")
    assert found.keys() == table.keys()
    for what, (usd, cents) in table.items():
        assert f"{usd:.2f}" == cents, what
        assert found[what] == pytest.approx(usd, rel=1e-5), what
    assert f"{sum(found.values()):.2f}" == total


# A change of prod's settings, and the lines of the bill that it changes.
VARIANTS: Sequence[tuple[dict[str, Any], set[str]]] = [
    ({"retention_days": 30}, {"photos in S3, GB", "reports table, GB", "reports table's recovery, GB"}),
    ({"log_retention_days": 14}, {"logs, GB kept"}),
    ({"model": {"usd_per_hour": 0.2}}, {"SageMaker ml.m5.large, instance-hours"}),
    ({"llm": {"usd_per_mtok_output": 0.6}}, {"LLM gpt-6-luna, calls"}),
    ({"llm": {"job_tier": "flex"}}, {"LLM gpt-6-luna, calls"}),
    ({"listing": {"languages": ("en", "fr")}}, {"LLM gpt-6-luna, calls"}),
    ({"service": {"min_tasks": 3}}, {"Fargate task, 1 vCPU and 2 GB, ARM", "public IPv4 address"}),
    ({"egress": "nat"}, {"NAT gateway with its address", "NAT gateway, GB", "public IPv4 address"}),
    ({"alarms": {"monthly_budget_usd": 500.0}}, set()),
    ({"quota_per_day": 400}, set()),
    (
        {"web": None},
        {"CloudFront, requests", "CloudFront, GB to clients", "CloudFront, GB to the gateway"}
        | {"answers to clients, GB"},
    ),
]


@pytest.mark.parametrize(("change", "lines"), VARIANTS, ids=lambda one: ", ".join(sorted(one)))
def test_one_setting_changes_its_lines(
    bill_of: Callable[[Environment], Bill], change: dict[str, Any], lines: set[str]
) -> None:
    prod, variant = (usd_of(bill_of(settings)) for settings in (load_environment("prod"), changed(change)))
    names = prod.keys() | variant.keys()
    assert {what for what in names if prod.get(what) != variant.get(what)} == lines


def test_unknown_type_stops_with_its_name(plain: Assumptions) -> None:
    prod = load_environment("prod")
    strange = {"Resources": {"Database": {"Type": "AWS::RDS::DBInstance", "Properties": {}}}}
    with pytest.raises(UnpricedResourceError, match="AWS::RDS::DBInstance has no idle price") as caught:
        monthly(prod, [*templates(prod), strange], Workload(7300, plain))
    assert caught.value.hint

"""`python -m tests.web.report.reports`: writes reports.json, the reports of the TypeScript tests."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.analyze.documents import Report
from services.core.domain.corrections import GivenCorrections, corrected
from services.core.domain.report import ConditionCorrection, Product, ProductCorrection, Provenance, Timings
from tests.services.analyze.reports import not_assessed, older_report, report

FILE = Path(__file__).with_name("reports.json")
_LATER = datetime(2026, 11, 28, 9, tzinfo=UTC)


def recorded() -> dict[str, Any]:
    """The reports by what is special about them, as the API answers them."""
    whole = report(
        narrative="template",
        languages=("en", "fr"),
        cost_usd=0.000421,
        timings_ms=Timings(photo=120.0, accept=40.0, model=1800.0),
        model=Provenance(endpoint="blip2-endpoint", artifact="demo-000000000000"),
    )
    made = {
        "whole": whole,
        "older": older_report(),
        "unknown": report(
            product=Product(type="unknown", material="unknown", suggestion="brass sextant"),
            condition=not_assessed(),
            labels=None,
            translations={},
            listing=None,
        ),
        "corrected": _corrected(
            whole,
            GivenCorrections(
                product=ProductCorrection(type="vase"),
                condition=ConditionCorrection(score=6, wear=("chip", "crack")),
                title="My vase",
                corrected_at=_LATER,
            ),
        ),
    }
    return {name: each.model_dump(mode="json") for name, each in made.items()}


def _corrected(answered: Report, given: GivenCorrections) -> Report:
    return Report.model_validate({**dict(corrected(answered, given)), "photos": answered.photos})


def written() -> str:
    """What reports.json holds."""
    return json.dumps(recorded(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), "utf-8")

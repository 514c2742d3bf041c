"""Prints a product report on a terminal: findings with confidence, timing and cost."""

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Column, Table
from rich.text import Text

from client.api import RequestTiming
from services.core.domain.report import UNKNOWN, Condition, Reason, Reliance, Report, Wear
from settings.environment import load_environment

LOW_CONFIDENCE = 0.6
_MAX_WIDTH = 88
_GRADE_STYLE = {"excellent": "green", "good": "green", "fair": "yellow", "worn": "red"}
_LEVEL_STYLE = {"high": "green", "medium": "yellow", "low": "red"}
_REASON = {
    Reason.TOO_DARK: "a photo is too dark",
    Reason.TOO_BRIGHT: "a photo is too bright",
    Reason.BLANK: "a photo is blank",
    Reason.BLURRED: "a photo is blurred",
    Reason.SEVERAL_THINGS: "a photo shows several things",
    Reason.NOT_RECOGNISED: "the product was not recognised",
    Reason.MATERIAL_UNCERTAIN: "the material is uncertain",
    Reason.WEAR_UNCERTAIN: "some wear is uncertain",
    Reason.UNCALIBRATED: "the model is not calibrated",
}
# About what one request to the LLM reads and writes; the report has no token counts.
_LLM_TOKENS_IN, _LLM_TOKENS_OUT = 700, 120


def print_report(report: Report, timing: RequestTiming, console: Console) -> None:
    """Print a succeeded report, with its timing, its cost and what to do next."""
    console.width = min(console.width, _MAX_WIDTH)
    console.print(Panel(_report(report), title="Product report", border_style="cyan", padding=(1, 2)))
    for warning in _warnings(report):
        console.print(Text(f"! {warning}", style="bold yellow"))
    own_photo = Text.assemble(
        ("Your own photo: ", "bold"), "make demo PHOTO=~/mug.jpg", "  (as JSON: make demo JSON=1)"
    )
    keeps = Text("The system keeps running, so the next report is quick; `make down` stops it.")
    texts = (_times(timing, console), _goal(timing), "", Text(_cost(report)), "", own_photo, keeps)
    console.print(Group("", *texts))


def _report(report: Report) -> RenderableType:
    facts = Table.grid(Column(style="dim", no_wrap=True), Column(ratio=1), padding=(0, 2))
    for name, value in _facts(report):
        facts.add_row(name, value)
    columns = (
        Column("The model was asked", ratio=1),
        Column("it says", no_wrap=True),
        Column("sure", no_wrap=True, justify="right"),
    )
    answers = Table(*columns, box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for evidence in report.evidence:
        answer = Text(evidence.answer if evidence.used else f"({evidence.answer})")
        answers.add_row(Text(evidence.question), answer, _share(evidence.confidence))
    heading = Text(report.title or "", style="bold")
    return Group(heading, "", Text(report.description or ""), "", facts, "", answers)


def _facts(report: Report) -> Iterator[tuple[str, Text]]:
    if report.product:
        # In the order of these fields, since a material and a colour may have the same id: gold.
        shares = [(evidence.answer, evidence.confidence) for evidence in report.evidence if evidence.used]
        for name in ("type", "material", "colour", "pattern"):
            if (value := getattr(report.product, name)) is not None:
                label = "Product" if name == "type" else name.capitalize()
                said = next((share for share in shares if share[0] == value), None)
                shares = shares[shares.index(said) + 1 :] if said else shares
                yield label, Text.assemble(value, "  ", _share(said[1] if said else None))
    if report.condition:
        yield "Condition", _condition(report.condition)
    if report.confidence:
        style = _LEVEL_STYLE[report.confidence.level]
        yield (
            "Confidence",
            Text.assemble((report.confidence.level, f"bold {style}"), _reasons(report.confidence)),
        )
    yield "Caption", Text(report.caption or "none")
    writer = report.model.llm if report.narrative == "llm" else "the template: the LLM gave no usable text"
    yield "Text by", Text(writer or "")
    yield "Model", Text(f"{report.model.artifact}, endpoint {report.model.endpoint}")
    if report.model.catalogue is not None:
        measured = "calibrated" if report.model.calibrated else "not calibrated"
        yield "Catalogue", Text(f"{report.model.catalogue}; the probabilities are {measured}")
    yield "Stored", Text(f"as {report.id} until {report.expires_at:%Y-%m-%d}")


def _condition(condition: Condition) -> Text:
    if condition.grade is None:
        return Text("not assessed: the photos do not show enough", style="bold yellow")
    found = Text(", ").join(
        Text.assemble(_mark(wear), "  ", _share(wear.confidence)) for wear in condition.wear
    )
    grade = (condition.grade.value, f"bold {_GRADE_STYLE[condition.grade]}")
    return Text.assemble(grade, f", {condition.score} of 10: ", found or "no wear found")


def _mark(wear: Wear) -> str:
    severity = f"{wear.severity} " if wear.severity is not None else ""
    place = f", {wear.place.replace('_', ' ')}" if wear.place is not None else ""
    points = f", {wear.points} point{'s' * (wear.points != 1)}" if wear.points is not None else ""
    return f"{severity}{wear.tag} in photo {wear.photo}{place}{points}"


def _reasons(confidence: Reliance) -> str:
    return "".join(f"{', ' if at else ': '}{_REASON[reason]}" for at, reason in enumerate(confidence.reasons))


def _share(confidence: float | None) -> Text:
    if confidence is None:
        return Text("")
    low = confidence < LOW_CONFIDENCE
    return Text(f"{confidence:.0%}", style="bold yellow" if low else "dim")


def _warnings(report: Report) -> Iterator[str]:
    unsure = [
        f"{evidence.question} {evidence.answer} ({evidence.confidence:.0%})"
        for evidence in report.evidence
        if evidence.used and evidence.confidence < LOW_CONFIDENCE
    ]
    if unsure:
        yield f"Low confidence: {', '.join(unsure)}. Treat these answers as guesses."
    if report.product and report.product.type == UNKNOWN:
        called = f"; the model calls it {report.product.suggestion!r}" if report.product.suggestion else ""
        yield f"The product was not recognised as a kind of the catalogue{called}."
    if (report.model.artifact or "").startswith("demo-"):
        yield "This is the small demo model. It knows drawn goods only: on a real photograph it guesses."


def _times(timing: RequestTiming, console: Console) -> Table:
    rows = [*timing.stages_ms.items(), ("the rest", timing.rest_ms)]
    bar, room = ("#" if console.options.ascii_only else "█"), max(8, console.width - 28)
    longest = max(ms for _, ms in rows) or 1.0
    milliseconds = Column(no_wrap=True, justify="right", min_width=9)
    table = Table.grid(Column(no_wrap=True), milliseconds, Column(no_wrap=True), padding=(0, 1))
    for name, ms in rows:
        table.add_row(name, f"{ms:.0f} ms", Text(bar * max(1, round(room * ms / longest)), style="cyan"))
    return table


def _goal(timing: RequestTiming) -> Text:
    style = "bold green" if timing.kept else "bold yellow"
    return Text.assemble(("total     ", "bold"), f"{timing.total_ms / 1000:.1f} s, ", (timing.verdict, style))


def _cost(report: Report) -> str:
    prod = load_environment("prod")
    model_s = (report.timings_ms.model or 0.0) / 1000
    endpoint = prod.model.usd_per_hour * model_s / 3600
    llm = (
        _LLM_TOKENS_IN * prod.llm.usd_per_mtok_input + _LLM_TOKENS_OUT * prod.llm.usd_per_mtok_output
    ) / 1e6
    return (
        f"{_own_cost(report.cost_usd)} At production's prices it would be about "
        f"{_usd(endpoint + llm)}: {model_s:.1f} s of {prod.model.instance_type} at "
        f"{prod.model.usd_per_hour} USD an hour, while it runs, and about "
        f"{_LLM_TOKENS_IN + _LLM_TOKENS_OUT} tokens of {prod.llm.model}."
    )


def _own_cost(cost_usd: float | None) -> str:
    return (
        "What it cost is unknown: the LLM gave no token counts."
        if cost_usd is None
        else f"It cost {_usd(cost_usd)}."
    )


def _usd(amount: float) -> str:
    return f"{amount:.6f}".rstrip("0").rstrip(".") + " USD"

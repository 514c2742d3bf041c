"""Prints a product report on a terminal: findings with confidence, timing and cost."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Column, Table
from rich.text import Text

import catalogue
from catalogue import Kind
from client.api import RequestTiming
from services.core.domain.listing import Labels
from services.core.domain.report import UNKNOWN, Condition, Evidence, Reliance, Report, Wear
from services.core.narrative.grammar import with_article
from services.core.narrative.labels import label_words
from settings.environment import load_environment

LOW_CONFIDENCE = 0.6
_NOT_JUDGED = "not judged by this model"
_MAX_WIDTH = 88
_GRADE_STYLE = {"excellent": "green", "good": "green", "fair": "yellow", "worn": "red"}
_LEVEL_STYLE = {"high": "green", "medium": "yellow", "low": "red"}
# About what one request to the LLM reads and writes; the report has no token counts.
_LLM_TOKENS_IN, _LLM_TOKENS_OUT = 1200, 150


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
    for evidence, question, said in _evidence(report):
        answers.add_row(Text(question), said if evidence.used else f"({said})", _share(evidence.confidence))
    return Group(*_texts(report), facts, "", answers)


def _texts(report: Report) -> Iterator[RenderableType]:
    """Title and description in each language of the report, the others under their codes."""
    yield from (Text(report.title or "", style="bold"), "", Text(report.description or ""), "")
    for language, text in report.translations.items():
        yield Text.assemble((f"{language}  ", "dim"), (text.title, "bold"))
        yield from ("", Text(text.description), "")


def _evidence(report: Report) -> Iterator[tuple[Evidence, str, Text]]:
    """Each evidence with its question and answer in words, or in those of the model where there are none."""
    labelled = report.labels.evidence if report.labels else ()
    for evidence, label in zip_longest(report.evidence, labelled[: len(report.evidence)]):
        question, answer = (label.question, label.answer) if label else (evidence.question, evidence.answer)
        yield evidence, question, Text(answer)


def _facts(report: Report) -> Iterator[tuple[str, Text]]:
    if report.product:
        # In the order of these fields, since a material and a colour may have the same id: gold.
        shares = [(evidence.answer, evidence.confidence) for evidence in report.evidence if evidence.used]
        for name in ("type", "material", "colour", "pattern"):
            if (value := getattr(report.product, name)) is not None:
                label = "Product" if name == "type" else name.capitalize()
                said = next((share for share in shares if share[0] == value), None)
                shares = shares[shares.index(said) + 1 :] if said else shares
                word = getattr(report.labels, name, None) or value
                if name == "material" and value == UNKNOWN and _is_not_asked(report):
                    word = _NOT_JUDGED
                source = getattr(report.product.sources, name, None)
                yield label, Text.assemble(word, "  ", _sure(source, said[1] if said else None))
    if report.condition:
        unjudged = report.condition.grade is None and _is_not_asked(report)
        shown = Text(_NOT_JUDGED) if unjudged else _condition(report.condition, report.labels)
        yield "Condition", shown
    if report.confidence:
        style = _LEVEL_STYLE[report.confidence.level]
        reasons = _reasons(report.confidence, report.labels)
        yield "Confidence", Text.assemble((f"{report.confidence.level}.", f"bold {style}"), reasons)
    yield "Caption", Text(report.caption or "none")
    yield "Text by", Text(_writer(report))
    yield "Model", Text(f"{report.model.artifact}, endpoint {report.model.endpoint}")
    if report.model.catalogue is not None:
        measured = "calibrated" if report.model.calibrated else "not calibrated"
        yield "Catalogue", Text(f"{report.model.catalogue}; the probabilities are {measured}")
    yield "Stored", Text(f"as {report.id} until {report.expires_at:%Y-%m-%d}")


def _is_not_asked(report: Report) -> bool:
    """Whether the model judges neither material nor wear, whatever the photos show."""
    return report.confidence is not None and report.confidence.not_asked


def _is_of_photographs(report: Report) -> bool:
    """Whether the demo's model for photographs made it."""
    return (report.model.artifact or "").startswith("demo-photo-")


def _writer(report: Report) -> str:
    """Whose sentences the texts have."""
    llm, facts = report.model.llm or "the LLM", report.corrections
    sources = {report.narrative, *(text.narrative for text in report.translations.values())}
    if sources == {"llm"}:
        return llm
    if sources & {"llm", "mixed"}:
        return f"{llm}, and the template in place of what the facts do not hold"
    if facts is not None and (facts.product or facts.condition):
        return "the template, about the corrected facts"
    return "the template: the LLM gave no usable text"


def _condition(condition: Condition, labels: Labels | None) -> Text:
    if condition.grade is None:
        return Text("not assessed: the photos do not show enough", style="bold yellow")
    found = Text(", ").join(
        Text.assemble(_mark(wear, labels), "  ", _sure(wear.source, wear.confidence))
        for wear in condition.wear
    )
    word = labels.grade if labels else condition.grade.value
    by = " by the owner" if condition.source == "owner" else ""
    grade = (word, f"bold {_GRADE_STYLE[condition.grade]}")
    return Text.assemble(grade, f", {condition.score} of 10{by}: ", found or "no wear found")


def _mark(wear: Wear, labels: Labels | None) -> str:
    words = labels or Labels(type="", grade="")
    severity = place = ""
    if wear.severity is not None:
        severity = f"{words.severities.get(wear.severity, wear.severity)} "
    if wear.place is not None:
        place = f", {words.places.get(wear.place, wear.place.replace('_', ' '))}"
    photo = f" in photo {wear.photo}" if wear.photo is not None else ""
    points = f", {wear.points} point{'s' * (wear.points != 1)}" if wear.points is not None else ""
    return f"{severity}{words.wear.get(wear.tag, wear.tag)}{photo}{place}{points}"


def _reasons(confidence: Reliance, labels: Labels | None) -> str:
    """The sentences for the reasons; those of this release where the report has none."""
    own, ours = labels.reasons if labels else {}, label_words("en").reasons
    return "".join(f" {own.get(reason, ours[reason])}" for reason in confidence.reasons)


def _sure(source: str | None, confidence: float | None) -> Text:
    return Text("by the owner", style="dim") if source == "owner" else _share(confidence)


def _share(confidence: float | None) -> Text:
    if confidence is None:
        return Text("")
    low = confidence < LOW_CONFIDENCE
    return Text(f"{confidence:.0%}", style="bold yellow" if low else "dim")


def _warnings(report: Report) -> Iterator[str]:
    unsure = [
        f"{question} {answer} ({evidence.confidence:.0%})"
        for evidence, question, answer in _evidence(report)
        if evidence.used and evidence.confidence < LOW_CONFIDENCE
    ]
    if unsure:
        yield f"Low confidence: {', '.join(unsure)}. Treat these answers as guesses."
    if report.product and report.product.type == UNKNOWN:
        yield _unrecognised(report, report.product.suggestion)
    if _is_of_photographs(report):
        kinds = len(catalogue.load(catalogue.PHOTO).kinds)
        yield (
            "This is the demo model for photographs. It names one thing of everyday use that fills the "
            f"picture, of {kinds} kinds, or says that it knows none. It judges neither material nor wear, so "
            "there is no grade; the colour is measured from the pixels."
        )
    elif (report.model.artifact or "").startswith("demo-"):
        yield "This is the small demo model. It knows drawn goods only: on a real photograph it guesses."


def _unrecognised(report: Report, suggestion: str | None) -> str:
    """What the thing may be: a kind that the model is too unsure of, or one that the catalogue lacks."""
    if suggestion is None:
        return "The product was not recognised as a kind of the catalogue."
    # The first question is that for the kind; its answer is the likeliest one.
    for likeliest in report.evidence[:1]:
        if kind := _kinds(report.model.catalogue).get(likeliest.answer):
            name = with_article(kind.noun, "en")
            return f"It may be {name} ({likeliest.confidence:.0%}): too unsure to state."
    return f"The product was not recognised as a kind of the catalogue; the model calls it {suggestion!r}."


def _kinds(version: str | None) -> Mapping[str, Kind]:
    """The kinds of the catalogue of this version; none: it is not one of this release."""
    all_words = (
        catalogue.load(folder) for folder in (catalogue.PHOTO, catalogue.DRAWN, catalogue.SECOND_HAND)
    )
    return next((words.kinds for words in all_words if words.version == version), {})


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

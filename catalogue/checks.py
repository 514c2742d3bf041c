"""What must hold between the rows: a name means one thing; a broader kind exists and has no broader one."""

from collections.abc import Sequence

from catalogue.tables import Row, known

_SINGLE = ("id", "name_en", "name_fr", "number")
_SCORED = ("answer", "aliases", "trade_names")
_SQUASHED = str.maketrans("", "", " '-")


def check_unique(rows: Sequence[Row]) -> None:
    """Note each id, printed name and answer that two rows have.

    Answers that differ by spaces, hyphens and apostrophes only are the same answer: jig saw and jigsaw.
    """
    for field in _SINGLE:
        _once(rows, field, [[row.cells[field]] if field in row.cells else [] for row in rows])
    _once(rows, "answer", [_answers(row) for row in rows])


def check_broader(rows: Sequence[Row]) -> None:
    """Note each `broader` that is no kind of the same file, or that has a broader one itself."""
    own = {row.cells["id"]: row for row in rows}
    for row in rows:
        broader = row.cells["broader"]
        if not broader:
            continue
        if broader not in own:
            row.refuse("broader", f"{known(broader, own)}, in the same file")
        elif own[broader].cells["broader"]:
            row.refuse("broader", f"name {own[broader].cells['broader']}, which is broader still")


def _answers(row: Row) -> list[str]:
    said = [answer for field in _SCORED for answer in row.cells.get(field, "").split("|") if answer]
    return list(dict.fromkeys(answer.translate(_SQUASHED) for answer in said))


def _once(rows: Sequence[Row], field: str, values: Sequence[Sequence[str]]) -> None:
    first: dict[str, Row] = {}
    for row, own in zip(rows, values, strict=True):
        for value in own:
            if value in first:
                other = first[value]
                row.problems.append(
                    f"{row.file}:{row.line}: {field}: {value!r} is also at {other.file}:{other.line}: "
                    "each means one thing: remove it from one of the two"
                )
            first.setdefault(value, row)

"""The grade's rule: what each kind of wear takes from a score of ten, by the table of its department.

Where a photo's quarters were looked at one by one, the share of them that shows a mark is its severity, which
changes what the mark takes. What breaks an article takes the table's points, however little of it shows.
"""

import math
from collections.abc import Iterable, Sequence

from catalogue import Department
from services.core.domain.report import Grade, Place, Severity, Wear

# Wear is found from the first probability on, and absent below the second; between, it is not judged.
WEAR_FOUND, WEAR_ABSENT = 0.5, 0.2
# A mark of less probability may be there; how far it goes cannot be said.
SEVERITY_SURE = 0.7
# From here on the table calls it broken: a zip or a screen is not half broken.
BREAKS = 4
BEST_SCORE, WORST_SCORE = 10, 2
GRADES = ((10, Grade.EXCELLENT), (8, Grade.GOOD), (6, Grade.FAIR))
"""The least score of each grade, best first; below the last one a thing is worn."""
# The order in which the model answers about the quarters of a photo.
_PLACES = tuple(Place)
_SHARE = {None: 1.0, Severity.MINOR: 0.5, Severity.MODERATE: 1.0, Severity.SEVERE: 1.5}


def points(department: Department, tag: str, severity: Severity | None = None) -> int:
    """The points that a mark takes: half the table's if it is minor, half more if severe, rounded up."""
    return min(BEST_SCORE, math.ceil(_SHARE[severity] * department.points(tag)))


def score_of(taken: Iterable[int]) -> int:
    """The score that is left, from 2 to 10."""
    return max(WORST_SCORE, BEST_SCORE - sum(taken))


def grade_of(score: int) -> Grade:
    """The grade of a score."""
    return next((grade for least, grade in GRADES if score >= least), Grade.WORN)


def mark(department: Department, tag: str, photo: int, shown: Sequence[float]) -> Wear:
    """The tag on the photo of this number: where it is, how far it goes, and what it takes.

    `shown` are its probabilities on the whole photo, and on each quarter if these were asked.
    """
    quarters = shown[1:]
    showing = sum(p >= WEAR_FOUND for p in quarters)
    place = _PLACES[max(range(len(quarters)), key=quarters.__getitem__)] if showing else None
    severity = None
    if showing and max(quarters) >= SEVERITY_SURE and department.points(tag) < BREAKS:
        severity = (Severity.MINOR, Severity.MODERATE, Severity.SEVERE, Severity.SEVERE)[showing - 1]
    return Wear(
        tag=tag,
        photo=photo,
        place=place,
        severity=severity,
        confidence=round(max(shown), 4),
        points=points(department, tag, severity),
    )

"""What the model's container answers about photos of one good, as the fakes of the endpoint say it."""

from collections.abc import Collection
from typing import Any

from catalogue import Catalogue

SURE, UNSURE = 0.9, 0.01


def answer(
    goods: Catalogue, kind: str, material: str, worn: Collection[str], *, photos: int, artifact: str
) -> dict[str, Any]:
    """Return the answer for ids of the catalogue: a kind, a material and its wear, on so many photos alike.

    It is calibrated, and has no caption.
    """
    seen = goods.kinds[kind]
    department = goods.departments[seen.department]
    rest = (1 - SURE) / max(1, len(department.materials) - 1)
    marks = {tag.id: [SURE if tag.id in worn else UNSURE] for tag in department.wear}
    return {
        "kinds": [{"id": kind, "name": seen.answer, "p": SURE}],
        "rest": [0.0, 1 - SURE],
        "said": {"text": seen.answer, "p": SURE, "id": kind},
        "department": department.id,
        "material": {one.id: SURE if one.id == material else rest for one in department.materials},
        "colour": {},
        "pattern": {},
        "wear": [marks] * photos,
        "caption": "",
        "artifact": artifact,
        "catalogue": goods.version,
        "calibrated": True,
        "thresholds": {"type": 0.6, "material": 0.7, "colour": 0.5, "pattern": 0.5},
    }

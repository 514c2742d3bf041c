"""What second-hand sellers list: kinds of goods by department, their materials, colours and wear, as data.

The data travels inside the model's artifact, and its `version` belongs to the artifact's. Reading it needs
only the standard library, because the model's container has little else.
"""

from catalogue.loading import DRAWN, GOODS, PHOTO, SECOND_HAND, load
from catalogue.model import (
    Adjective,
    Catalogue,
    Category,
    Department,
    Kind,
    Material,
    Noun,
    Plural,
    Questions,
    Wear,
)
from catalogue.tables import CatalogueError

__all__ = [
    "DRAWN",
    "GOODS",
    "PHOTO",
    "SECOND_HAND",
    "Adjective",
    "Catalogue",
    "CatalogueError",
    "Category",
    "Department",
    "Kind",
    "Material",
    "Noun",
    "Plural",
    "Questions",
    "Wear",
    "load",
]

"""Whether the pixels of the photos agree with the vision model about a colour, or say it in its stead.

Names of colours overlap, and light moves a colour from one to the next, so a name is compared together with
its neighbours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from services.core.domain.report import Evidence

Colours = tuple[tuple[str, float], ...]
"""Ids of colours and their shares of a thing's pixels, the largest first; empty: not measured."""
QUESTION = "what color are its pixels?"
# Two colours are neighbours if the points of one are, on average, at most 15 units of CIEDE2000 from the
# nearest point of the other (photos/named_colours.json), or if one is the other's shade by name: dark green
# of green, lilac of purple, fuchsia of pink, grey of black. Transparent and multicoloured have none.
_NEIGHBOURS = {
    "beige": "camel cream gold grey khaki mustard pink silver white yellow",
    "black": "brown grey navy",
    "blue": "light_blue navy purple",
    "bronze": "brown camel copper gold khaki mustard orange",
    "brown": "black bronze burgundy camel copper grey red",
    "burgundy": "brown fuchsia purple red",
    "camel": "beige bronze brown gold khaki mustard orange",
    "copper": "bronze brown coral orange red",
    "coral": "copper orange pink",
    "cream": "beige khaki light_green silver white yellow",
    "dark_green": "green",
    "fuchsia": "burgundy pink purple",
    "gold": "beige bronze camel khaki mustard orange yellow",
    "green": "dark_green khaki light_green turquoise",
    "grey": "beige black brown khaki light_blue lilac silver white",
    "khaki": "beige bronze camel cream gold green grey mustard yellow",
    "light_blue": "blue grey lilac silver white",
    "light_green": "cream green silver white yellow",
    "lilac": "grey light_blue pink purple silver white",
    "mustard": "beige bronze camel gold khaki orange yellow",
    "navy": "black blue purple",
    "orange": "bronze camel copper coral gold mustard red",
    "pink": "beige coral fuchsia lilac silver white",
    "purple": "blue burgundy fuchsia lilac navy",
    "red": "brown burgundy copper orange",
    "silver": "beige cream grey light_blue light_green lilac pink white",
    "turquoise": "green",
    "white": "beige cream grey light_blue light_green lilac pink silver",
    "yellow": "beige cream gold khaki light_green mustard",
}
NEIGHBOURS: Mapping[str, frozenset[str]] = {id_: frozenset(near.split()) for id_, near in _NEIGHBOURS.items()}
# Shares of the thing's pixels: enough to agree, too little not to disagree, and enough to disagree.
_AGREES, _LITTLE, _DOMINANT = 0.5, 0.2, 0.5


@dataclass(frozen=True)
class Pixels:
    """The colours of the photos together, as mean shares over the photos that were measured."""

    shares: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, photos: Sequence[Colours]) -> Self:
        """The colours of some photos of one thing."""
        measured = [dict(colours) for colours in photos if colours]
        ids = sorted({id_ for colours in measured for id_ in colours})
        return cls({id_: sum(each.get(id_, 0.0) for each in measured) / len(measured) for id_ in ids})

    def agree(self, colour: str) -> bool:
        """Whether most pixels have this colour or a neighbour of it."""
        return self._near(colour) >= _AGREES

    def contradict(self, colour: str) -> bool:
        """Whether hardly a pixel has this colour or a neighbour of it, and most have one other."""
        return (
            colour in NEIGHBOURS
            and self._near(colour) <= _LITTLE
            and max(self.shares.values(), default=0.0) >= _DOMINANT
        )

    def most(self) -> str | None:
        """The most frequent colour, if most pixels have it itself and not a neighbour of it; else None."""
        answer = max(self.shares, key=self.shares.__getitem__, default=None)
        return answer if answer is not None and self.shares[answer] >= _DOMINANT else None

    def evidence(self, *, used: bool) -> Iterator[Evidence]:
        """The most frequent colour and its share, if there is one."""
        if self.shares:
            answer = max(self.shares, key=self.shares.__getitem__)
            share = round(min(1.0, self.shares[answer]), 4)
            yield Evidence(question=QUESTION, answer=answer, confidence=share, used=used)

    def _near(self, colour: str) -> float:
        near = NEIGHBOURS.get(colour, frozenset()) | {colour}
        return sum(share for id_, share in self.shares.items() if id_ in near)

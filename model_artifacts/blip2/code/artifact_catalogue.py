"""The catalogue of an artifact: the names that its tokenizer reads, and what is asked of each department.

Packaging writes it as `catalogue.json`, so reading it takes no tokenizer and no data outside the artifact.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from name_tree import NameTree, read_tree

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FILE = "catalogue.json"
_BEFORE_A_NAME = ("a", "an", "the", "some", "pair of", "pairs of", "set of")
_PLURALS = ("", "s", "es")
# No two names of a catalogue differ by these only.
_SQUASHED = str.maketrans("", "", " '-’")


@dataclass(frozen=True)
class Department:
    """The ids of a department's kinds and materials, and its wear tags; of these it may have none."""

    kinds: tuple[str, ...]
    materials: tuple[str, ...]
    wear: tuple[str, ...]


@dataclass(frozen=True)
class ArtifactCatalogue:
    """Kinds by their names' tokens, departments, and the names of materials, colours and patterns by id."""

    version: str
    questions: Mapping[str, str]
    """What is asked: the texts of type, material, colour and pattern."""
    tree: NameTree
    departments: Mapping[str, Department]
    materials: Mapping[str, tuple[str, ...]]
    colours: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, tuple[str, ...]]
    wear: Mapping[str, str]
    """For each wear tag the question that the model answers by yes or no."""

    @staticmethod
    def read(folder: Path) -> ArtifactCatalogue:
        """The catalogue of a model's folder. Raises ValueError if it is missing or contradicts itself."""
        path = folder / FILE
        if not path.exists():
            raise ValueError(
                f"{path}: is missing: serve a packaged model, which has it "
                "(python -m model_artifacts.blip2 package)"
            )
        try:
            return catalogue_of(json.loads(path.read_text("utf-8")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise ValueError(f"{path}: {problem}: package the model again") from error

    @cached_property
    def answered(self) -> tuple[str, ...]:
        """The ids of the questions that may be asked: colour and pattern only if it has answers for them.

        Material and wear always are: of goods without any, the answer to them is empty.
        """
        has = {"type": True, "material": True, "colour": self.colours, "pattern": self.patterns, "wear": True}
        return tuple(question for question, answers in has.items() if answers)

    @cached_property
    def department_of(self) -> Mapping[str, str]:
        """Each kind's department, by ids."""
        return {kind: name for name, department in self.departments.items() for kind in department.kinds}

    @cached_property
    def _named(self) -> Mapping[str, str]:
        kinds = (self.tree.kinds[number] for number in self.tree.kind_of.tolist())
        return {_squashed([name]): kind for name, kind in zip(self.tree.names, kinds, strict=True)}

    @cached_property
    def _described(self) -> frozenset[str]:
        lists = (self.materials, self.colours, self.patterns)
        names = (name for one in lists for own in one.values() for name in own)
        return frozenset(_squashed([name]) for name in (*_BEFORE_A_NAME, *names))

    def kind_named(self, text: str) -> str | None:
        """The kind that a text names, in any case and number; None: no kind.

        Articles, colours, materials and patterns in front of the name are left out: "a pair of black leather
        shoes" is a shoe.
        """
        words = text.lower().split()
        while words:
            said = _squashed(words)
            for ending in _PLURALS:
                if said.endswith(ending) and (kind := self._named.get(said.removesuffix(ending))):
                    return kind
            counts = range(len(words), 0, -1)
            described = next((n for n in counts if _squashed(words[:n]) in self._described), len(words))
            words = words[described:]
        return None

    def names_of(self, departments: Collection[str]) -> NDArray[np.bool_]:
        """Which names of the tree, by their numbers, are of kinds of these departments."""
        chosen = np.array([self.department_of[kind] in departments for kind in self.tree.kinds])
        return np.asarray(chosen[self.tree.kind_of])


def _squashed(words: Sequence[str]) -> str:
    return "".join(words).lower().translate(_SQUASHED)


def catalogue_of(document: Mapping[str, Any]) -> ArtifactCatalogue:
    """The catalogue that a `catalogue.json` holds. Raises ValueError if its parts do not match."""
    found = ArtifactCatalogue(
        version=document["version"],
        questions=document["questions"],
        tree=read_tree(document["tree"]),
        departments={
            name: Department(tuple(own["kinds"]), tuple(own["materials"]), tuple(own["wear"]))
            for name, own in document["departments"].items()
        },
        materials=_names(document["materials"]),
        colours=_names(document["colours"]),
        patterns=_names(document["patterns"]),
        wear=document["wear"],
    )
    _check(found)
    return found


def _names(stated: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {id_: tuple(names) for id_, names in stated.items()}


def _check(found: ArtifactCatalogue) -> None:
    listed = [kind for department in found.departments.values() for kind in department.kinds]
    if sorted(listed) != sorted(found.tree.kinds):
        odd = sorted({*listed} ^ {*found.tree.kinds}) or sorted(
            {one for one in listed if listed.count(one) > 1}
        )
        raise ValueError(f"departments and tree must have each kind once, and not {odd[0]!r}")
    for name, department in found.departments.items():
        for field, used, known in (
            ("materials", department.materials, found.materials),
            ("wear", department.wear, found.wear),
        ):
            if unknown := [one for one in used if one not in known]:
                raise ValueError(f"departments.{name}.{field}: {unknown[0]!r} is not known")
    answers = {"type": True, "material": found.materials, "colour": found.colours, "pattern": found.patterns}
    if missing := [one for one, there in answers.items() if there and not found.questions.get(one)]:
        raise ValueError(f"questions.{missing[0]}: is missing")

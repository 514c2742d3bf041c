"""Answers requests in one batch: what each product is, then what is asked of its department's goods."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, islice, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from calibration import SCALED
from probabilities import choice_shares, share_by_odds, yes_share
from scoring import PhotoPrompt
from search import Search

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifact_catalogue import ArtifactCatalogue, Department
    from calibration import Calibration, Manifest, Scaled
    from contract import Request
    from frontier import Answer
    from numpy.typing import NDArray
    from PIL import Image
    from scoring import Scorer
    from torch import Tensor

TOP = 5
FREE_TOKENS = 6
_PICTURES = 16
"""Pictures of one vision pass: bounds the memory."""
_YES_OR_NO = ("yes", "no")


@dataclass(frozen=True)
class _Asked:
    """A request, and where the features of its pictures are: of each photo the whole, then its tiles."""

    request: Request
    rows: range

    @property
    def whole(self) -> range:
        """The rows of the photos without their tiles."""
        return self.rows[:: len(self.rows) // len(self.request.photos)]


def answer_all(
    requests: Sequence[Request], scorer: Scorer, catalogue: ArtifactCatalogue, manifest: Manifest
) -> list[dict[str, Any]]:
    """The answers to requests that the artifact's catalogue can answer; raises NonFiniteScoreError."""
    counts = [len(request.photos) * (1 + _tiles(request)) for request in requests]
    rows = pairwise(accumulate(counts, initial=0))
    asked = [_Asked(one, range(*ends)) for one, ends in zip(requests, rows, strict=True)]
    features = _encoded(requests, scorer)
    prompt = manifest.question_prompt.format(catalogue.questions["type"])
    found, _ = scorer.search(
        features,
        [
            Search(tuple(one.whole), prompt, _weights(one.request, catalogue, manifest), FREE_TOKENS)
            for one in asked
        ],
        catalogue.tree,
        TOP,
    )
    captions = scorer.captions(features[[one.rows.start for one in asked]], manifest.caption_prompt)
    departments = [catalogue.departments[_department(answer, catalogue)] for answer in found]
    prompts = [
        prompt
        for one, department in zip(asked, departments, strict=True)
        for prompt in _prompts(one, department, scorer, catalogue, manifest)
    ]
    scores = iter(scorer.score_prompts(features, prompts) if prompts else ())
    return [
        _kinds(answer, catalogue, manifest.calibration)
        | _details(one, department, scores, catalogue, manifest.calibration)
        | {"caption": caption, "artifact": manifest.artifact, "catalogue": catalogue.version}
        for one, answer, department, caption in zip(asked, found, departments, captions, strict=True)
    ]


def tiles_of(photo: Image.Image) -> tuple[Image.Image, ...]:
    """A photo's quarters: top left, top right, bottom left, bottom right; halves of odd sizes overlap."""
    across, down = ((0, (size + 1) // 2, size // 2, size) for size in photo.size)
    return tuple(
        photo.crop((left, top, right, bottom))
        for top, bottom in (down[:2], down[2:])
        for left, right in (across[:2], across[2:])
    )


def _tiles(request: Request) -> int:
    return request.wear_tiles if request.asks("wear") else 0


def _encoded(requests: Sequence[Request], scorer: Scorer) -> Tensor:
    pictures = (
        picture
        for request in requests
        for photo in request.photos
        for picture in (photo, *(tiles_of(photo) if _tiles(request) else ()))
    )
    return torch.cat([scorer.encode(part) for part in iter(lambda: list(islice(pictures, _PICTURES)), [])])


def _weights(
    request: Request, catalogue: ArtifactCatalogue, manifest: Manifest
) -> NDArray[np.float64] | None:
    """What is added to log p of each name; -inf leaves out the departments that are not asked about."""
    alpha = manifest.calibration.alpha
    if not alpha and set(request.departments) == set(catalogue.departments):
        return None
    weights = np.zeros(len(catalogue.tree.names))
    if alpha:
        weights -= alpha * np.array([manifest.priors[name] for name in catalogue.tree.names])
    return np.where(catalogue.names_of(request.departments), weights, -np.inf)


def _department(answer: Answer, catalogue: ArtifactCatalogue) -> str:
    """The department with the most probability among the likeliest kinds; of equals, the first kind's."""
    p: dict[str, float] = {}
    for one in answer.top:
        department = catalogue.department_of[one.kind]
        p[department] = p.get(department, 0.0) + one.p
    return max(p, key=p.__getitem__)


def _choices(
    request: Request, department: Department, catalogue: ArtifactCatalogue
) -> dict[Scaled, Mapping[str, Sequence[str]]]:
    """For each choice that is asked and has answers in the department, the names of its ids."""
    lists: dict[Scaled, Mapping[str, Sequence[str]]] = {
        "material": {material: catalogue.materials[material] for material in department.materials},
        "colour": catalogue.colours,
        "pattern": catalogue.patterns,
    }
    return {question: names for question, names in lists.items() if names and request.asks(question)}


def _prompts(
    asked: _Asked,
    department: Department,
    scorer: Scorer,
    catalogue: ArtifactCatalogue,
    manifest: Manifest,
) -> Iterator[PhotoPrompt]:
    for question, names in _choices(asked.request, department, catalogue).items():
        answers = scorer.answer_tokens([name for own in names.values() for name in own])
        text = manifest.question_prompt.format(catalogue.questions[question])
        yield from (PhotoPrompt(row, text, answers) for row in asked.whole)
    if asked.request.asks("wear") and department.wear:
        answers = scorer.answer_tokens(_YES_OR_NO)
        for tag in department.wear:
            text = manifest.question_prompt.format(catalogue.wear[tag])
            yield from (PhotoPrompt(row, text, answers) for row in asked.rows)


def _kinds(answer: Answer, catalogue: ArtifactCatalogue, calibration: Calibration) -> dict[str, Any]:
    temperature, said = calibration.scale("type").temperature, answer.said

    def scaled(p: float) -> float:
        # The service compares what is said with the kinds.
        return share_by_odds(p, temperature)

    return {
        "kinds": [{"id": one.kind, "name": one.name, "p": scaled(one.p)} for one in answer.top],
        "rest": [min(1.0, p) for p in (answer.rest_at_least, answer.rest_at_most)],
        "said": said and {"text": said.text, "p": scaled(said.p), "id": catalogue.kind_named(said.text)},
        "department": _department(answer, catalogue),
    }


def _details(
    asked: _Asked,
    department: Department,
    scores: Iterator[Tensor],
    catalogue: ArtifactCatalogue,
    calibration: Calibration,
) -> dict[str, Any]:
    """The answers from the scores of `_prompts`, in the same order."""

    def table(rows: range) -> Tensor:
        return torch.stack(list(islice(scores, len(rows))))

    request = asked.request
    shares: dict[str, dict[str, float]] = {"material": {}, "colour": {}, "pattern": {}}
    for question, names in _choices(request, department, catalogue).items():
        temperature = calibration.scale(question).temperature
        shares[question] = choice_shares(table(asked.whole), names, temperature)
    wear: list[dict[str, list[float]]] = []
    if request.asks("wear"):
        wear = [{} for _ in request.photos]
        views = 1 + _tiles(request)
        for tag in department.wear:
            yes = yes_share(table(asked.rows), calibration.line(tag))
            for number, photo in enumerate(wear):
                photo[tag] = yes[number * views : (number + 1) * views]
    # More looks find more marks: a line holds for the tiles that it was fitted with.
    has_wear = calibration.wear_tiles == _tiles(request) and calibration.platt.keys() >= {*department.wear}
    measured = {*calibration.scales, *(("wear",) if has_wear else ())}
    return {
        **shares,
        "wear": wear,
        "calibrated": measured >= set(request.questions),
        "thresholds": {question: calibration.scale(question).threshold for question in SCALED},
    }

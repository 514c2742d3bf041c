"""From a request's questions to pairs to be scored, and from their scores to stated probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from contract import TAG, ContractError, Question, Request
from scoring import Pair, Scorer, UnscorableCandidateError
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from manifest import Manifest

_YES_OR_NO = ("yes", "no")


def check(request: Request, manifest: Manifest) -> None:
    """Raise ContractError for a question that this artifact was not made for."""
    known = manifest.questions
    for number, question in enumerate(request.questions):
        if known is not None and question.id not in known:
            names = ", ".join(sorted(known))
            raise ContractError(
                f"questions[{number}].id: {question.id!r} is not known; the questions are {names}"
            )


def pairs(request: Request, scorer: Scorer, manifest: Manifest) -> list[Pair]:
    """Each photo with each prompt; raise ContractError for a candidate that cannot be scored."""
    found = []
    for number, question in enumerate(request.questions):
        one = question.kind == "choice"
        texts = [question.text] if one else [question.text.replace(TAG, tag) for tag in question.candidates]
        try:
            answers = scorer.answer_tokens(question.candidates if one else _YES_OR_NO)
        except UnscorableCandidateError as error:
            raise ContractError(f"questions[{number}].{error}") from None
        found += [
            Pair(photo, manifest.prompt.format(text), answers)
            for text in texts
            for photo in range(len(request.photos))
        ]
    return found


def stated(request: Request, scores: Iterator[Tensor], manifest: Manifest) -> list[dict[str, Any]]:
    """The answers, from the scores of the request's pairs in their order."""
    return [
        {"id": question.id, "scores": _of_question(question, len(request.photos), scores, manifest)}
        for question in request.questions
    ]


def _of_question(
    question: Question, photos: int, scores: Iterator[Tensor], manifest: Manifest
) -> list[dict[str, float]]:
    def table() -> Tensor:
        return torch.stack([next(scores) for _ in range(photos)])

    if question.kind == "choice":
        return [choose(table(), question.candidates, manifest.temperature.get(question.id, 1.0))]
    return judge([table() for _ in question.candidates], question.candidates, manifest.platt)


def choose(table: Tensor, candidates: tuple[str, ...], temperature: float) -> dict[str, float]:
    """Probabilities of a choice: renormalised within the set, mean over the photos, then the temperature."""
    mean = table.double().softmax(-1).mean(0).clamp(min=1e-12)
    shares = (mean.log() / temperature).softmax(-1)
    return dict(zip(candidates, shares.tolist(), strict=True))


def judge(
    tables: list[Tensor], tags: tuple[str, ...], platt: Mapping[str, tuple[float, float]]
) -> list[dict[str, float]]:
    """For each photo the probability of each tag, from log p(yes) - log p(no) by the tag's Platt scaling."""
    margins = torch.stack([table[:, 0] - table[:, 1] for table in tables], dim=1).double()
    line = torch.tensor(
        [platt.get(tag, (1.0, 0.0)) for tag in tags], dtype=torch.double, device=margins.device
    )
    shares = (margins * line[:, 0] + line[:, 1]).sigmoid()
    return [dict(zip(tags, row, strict=True)) for row in shares.tolist()]

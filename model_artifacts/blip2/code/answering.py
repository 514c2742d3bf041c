"""Turns a request's questions into prompts to score, and their scores into probabilities, by the manifest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from contract import TAG, ContractError, Question, Request
from scoring import PhotoPrompt, Scorer, UnscorableCandidateError
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_YES_OR_NO = ("yes", "no")


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` says of a model; a folder without one is uncalibrated."""

    artifact: str
    temperature: Mapping[str, float] = field(default_factory=dict)
    platt: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """For each wear tag (slope, offset): p = sigmoid(slope * (log p(yes) - log p(no)) + offset)."""
    questions: frozenset[str] | None = None
    """The ids of the questions that are answered; None: all (the folder has no vocabulary)."""
    prompt: str = "Question: {} Answer:"
    caption_prompt: str = "a photo of"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model folder.

    `artifact` is the version that packaging wrote; without one, the folder's name and its weights' hash.
    """
    stated = _json(folder / "manifest.json") or {}
    vocabulary = _json(folder / "vocabulary.json")
    return Manifest(
        artifact=stated.get("version") or f"{stated.get('name', folder.name)}-{_hash(folder)}",
        temperature=stated.get("temperature", {}),
        platt={
            tag: (float(slope), float(offset)) for tag, (slope, offset) in stated.get("platt", {}).items()
        },
        questions=None if vocabulary is None else frozenset(vocabulary) - {"version"},
    )


def _json(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def _hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for weights in sorted(folder.glob("*.safetensors")):
        with weights.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:12]


def check_questions(request: Request, manifest: Manifest) -> None:
    """Raise ContractError for a question that is not in the artifact's vocabulary."""
    known = manifest.questions
    for number, question in enumerate(request.questions):
        if known is not None and question.id not in known:
            names = ", ".join(sorted(known))
            raise ContractError(
                f"questions[{number}].id: {question.id!r} is not known; the questions are {names}"
            )


def prompts_of(request: Request, scorer: Scorer, manifest: Manifest) -> list[PhotoPrompt]:
    """Each prompt with each photo; raises ContractError for a candidate that cannot be scored."""
    prompts = []
    for number, question in enumerate(request.questions):
        is_choice = question.kind == "choice"
        texts = (
            [question.text] if is_choice else [question.text.replace(TAG, tag) for tag in question.candidates]
        )
        try:
            answers = scorer.answer_tokens(question.candidates if is_choice else _YES_OR_NO)
        except UnscorableCandidateError as error:
            raise ContractError(f"questions[{number}].{error}") from None
        prompts += [
            PhotoPrompt(photo, manifest.prompt.format(text), answers)
            for text in texts
            for photo in range(len(request.photos))
        ]
    return prompts


def answers_of(request: Request, scores: Iterator[Tensor], manifest: Manifest) -> list[dict[str, Any]]:
    """The answers, from the scores of `prompts_of` in the same order."""
    return [
        {"id": question.id, "scores": _scores_of(question, len(request.photos), scores, manifest)}
        for question in request.questions
    ]


def _scores_of(
    question: Question, photos: int, scores: Iterator[Tensor], manifest: Manifest
) -> list[dict[str, float]]:
    def table() -> Tensor:
        return torch.stack([next(scores) for _ in range(photos)])

    if question.kind == "choice":
        return [
            choice_probabilities(table(), question.candidates, manifest.temperature.get(question.id, 1.0))
        ]
    return tag_probabilities([table() for _ in question.candidates], question.candidates, manifest.platt)


def choice_probabilities(table: Tensor, candidates: tuple[str, ...], temperature: float) -> dict[str, float]:
    """Probabilities of a choice: softmax over the candidates, mean over the photos, then the temperature.

    `table`: log p, (photos, candidates).
    """
    mean = table.double().softmax(-1).mean(0).clamp(min=1e-12)
    shares = (mean.log() / temperature).softmax(-1)
    return dict(zip(candidates, shares.tolist(), strict=True))


def tag_probabilities(
    tables: list[Tensor], tags: tuple[str, ...], platt: Mapping[str, tuple[float, float]]
) -> list[dict[str, float]]:
    """For each photo the probability of each tag: Platt scaling of log p(yes) - log p(no).

    `tables`: for each tag log p of yes and no, (photos, 2).
    """
    margins = torch.stack([table[:, 0] - table[:, 1] for table in tables], dim=1).double()
    line = torch.tensor(
        [platt.get(tag, (1.0, 0.0)) for tag in tags], dtype=torch.double, device=margins.device
    )
    shares = (margins * line[:, 0] + line[:, 1]).sigmoid()
    return [dict(zip(tags, row, strict=True)) for row in shares.tolist()]

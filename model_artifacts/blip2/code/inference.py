"""The four handlers by which SageMaker's PyTorch containers (and our own server) run this BLIP-2."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from contract import TAG, ContractError, Question, Request, parse
from manifest import Manifest, read
from PIL import Image
from scoring import NonFiniteScoreError, Scorer, UnscorableCandidateError
from torch import Tensor
from transformers import Blip2ForConditionalGeneration, Blip2Processor
from transformers.utils import logging as transformers_logging

if TYPE_CHECKING:
    from collections.abc import Mapping

try:
    from sagemaker_inference.errors import BaseInferenceToolkitError
except ImportError:  # run outside SageMaker's containers
    BaseInferenceToolkitError = None

JSON = "application/json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Model:
    """A loaded artifact, ready to answer."""

    scorer: Scorer
    manifest: Manifest


def model_fn(model_dir: str) -> Model:
    """Load the artifact in `model_dir` without a network, and let it answer once before the first caller."""
    # A bar that draws itself over and over has no place in a log.
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    folder = Path(model_dir)
    on_gpu = torch.cuda.is_available()
    if not on_gpu:
        # Several threads get in each other's way as soon as anything else runs on the machine.
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or 1))
    blip: Any = Blip2ForConditionalGeneration.from_pretrained(
        folder,
        dtype=torch.float16 if on_gpu else torch.float32,
        attn_implementation="sdpa",
        local_files_only=True,
    )
    blip = blip.to("cuda" if on_gpu else "cpu").eval()
    _check(folder, blip.config)
    processor = Blip2Processor.from_pretrained(folder, backend="pil", local_files_only=True)
    model = Model(Scorer(blip, processor), read(folder))
    warm_up = Question("warm-up", "choice", "what is this?", ("a", "b"))
    predict_fn(Request((Image.new("RGB", (64, 64), "grey"),), (warm_up,)), model)
    _log.info("artifact %s is ready on %s", model.manifest.artifact, blip.device)
    return model


def _check(folder: Path, config: Any) -> None:
    for key in ("image_token_index", "num_query_tokens"):
        if getattr(config, key, None) is None:
            raise ValueError(f"{folder / 'config.json'}: {key} is missing; it places the image in the prompt")
    if not config.text_config.is_encoder_decoder:
        raise ValueError(
            f"{folder / 'config.json'}: text_config must be a T5, not {config.text_config.model_type}"
        )


def input_fn(request_body: str | bytes | bytearray | None, content_type: str = JSON) -> Request:
    """Decode a request; a fault of the caller's is a 4xx error that names the field."""
    if content_type.partition(";")[0].strip().lower() != JSON or request_body is None:
        raise _refusal(415, f"Content-Type: must be {JSON}, not {content_type[:80]}")
    try:
        return parse(request_body)
    except ContractError as error:
        raise _refusal(400, str(error)) from None


def predict_fn(data: Request, model: Model) -> dict[str, Any]:
    """Answer all questions about the photos and caption the first one."""
    manifest, scorer = model.manifest, model.scorer
    prompts: list[str] = []
    candidates: list[tuple[str, ...]] = []
    for question in data.questions:
        if question.kind == "choice":
            prompts.append(manifest.prompt.format(question.text))
            candidates.append(question.candidates)
        else:
            prompts += [
                manifest.prompt.format(question.text.replace(TAG, tag)) for tag in question.candidates
            ]
            candidates += [("yes", "no")] * len(question.candidates)
    try:
        seen = scorer.look(data.photos)
        tables = iter(scorer.score(seen, prompts, candidates))
    except UnscorableCandidateError as error:
        raise _refusal(400, str(error)) from None
    except NonFiniteScoreError as error:
        raise _refusal(500, f"NonFiniteScore: {error}") from None
    answers = []
    for question in data.questions:
        if question.kind == "choice":
            scores = [choose(next(tables), question.candidates, manifest.temperature.get(question.id, 1.0))]
        else:
            scores = judge([next(tables) for _ in question.candidates], question.candidates, manifest.platt)
        answers.append({"id": question.id, "scores": scores})
    return {
        "answers": answers,
        "caption": scorer.caption(seen[:1], manifest.caption_prompt),
        "artifact": manifest.artifact,
    }


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


def output_fn(prediction: dict[str, Any], accept: str = JSON) -> tuple[str, str]:
    """The answer as JSON and its content type."""
    wanted = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    if not wanted & {JSON, "application/*", "*/*"}:
        raise _refusal(406, f"Accept: only {JSON} can be answered, not {accept[:80]}")
    return json.dumps(prediction, allow_nan=False), JSON


def _refusal(status: int, message: str) -> Exception:
    if BaseInferenceToolkitError is None:
        return ValueError(message)
    return BaseInferenceToolkitError(status, message, message)  # type: ignore[no-any-return]

"""The four handlers by which SageMaker's PyTorch containers (and our own server) run this BLIP-2."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from answering import check, pairs, stated
from contract import ContractError, Question, Request, parse
from manifest import Manifest, read
from PIL import Image
from scoring import NonFiniteScoreError, Pair, Scorer
from transformers import Blip2ForConditionalGeneration, Blip2Processor
from transformers.utils import logging as transformers_logging

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        dtype=precision(),
        attn_implementation="sdpa",
        local_files_only=True,
    )
    blip = blip.to("cuda" if on_gpu else "cpu").eval()
    _check(folder, blip.config)
    processor = Blip2Processor.from_pretrained(folder, backend="pil", local_files_only=True)
    model = Model(Scorer(blip, processor), read(folder))
    _warm_up(model)
    _log.info("artifact %s is ready on %s", model.manifest.artifact, blip.device)
    return model


def precision() -> torch.dtype:
    """bfloat16 where the device computes in it, else half precision on a GPU and single on a CPU.

    Never the file's own: weights of mixed types that are loaded without one become all single precision.
    """
    if not torch.cuda.is_available():
        return torch.float32
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if native else torch.float16


def _warm_up(model: Model) -> None:
    request = Request(
        (Image.new("RGB", (64, 64), "grey"),),
        (Question("warm-up", "choice", "what is this?", ("yes", "no")),),
    )
    answer = _answer([(request, pairs(request, model.scorer, model.manifest))], model)[0]
    if isinstance(answer, Exception):
        raise answer


def _check(folder: Path, config: Any) -> None:
    for key in ("image_token_index", "num_query_tokens"):
        if getattr(config, key, None) is None:
            raise ValueError(f"{folder / 'config.json'}: {key} is missing; it places the image in the prompt")
    if config.text_config.model_type not in ("t5", "opt"):
        kind = config.text_config.model_type
        raise ValueError(f"{folder / 'config.json'}: text_config must be a T5 or an OPT, not {kind}")


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
    answer = predict_batch([data], model)[0]
    if isinstance(answer, Exception):
        raise answer
    return answer


def predict_batch(requests: Sequence[Request], model: Model) -> list[dict[str, Any] | Exception]:
    """Answer several requests in one batch; in the place of one that fails stands its error."""
    found: list[dict[str, Any] | Exception] = []
    fine: list[tuple[Request, list[Pair]]] = []
    for request in requests:
        try:
            check(request, model.manifest)
            fine.append((request, pairs(request, model.scorer, model.manifest)))
            found.append({})
        except ContractError as error:
            found.append(_refusal(400, str(error)))
    answers = iter(_answer(fine, model))
    return [one if isinstance(one, Exception) else next(answers) for one in found]


def _answer(asked: list[tuple[Request, list[Pair]]], model: Model) -> list[dict[str, Any] | Exception]:
    if not asked:
        return []
    manifest, scorer = model.manifest, model.scorer
    starts = [0, *accumulate(len(request.photos) for request, _ in asked)][:-1]
    moved = [
        replace(pair, photo=start + pair.photo)
        for start, (_, of_request) in zip(starts, asked, strict=True)
        for pair in of_request
    ]
    try:
        seen = scorer.look([photo for request, _ in asked for photo in request.photos])
        scores = iter(scorer.score_pairs(seen, moved))
    except NonFiniteScoreError as error:
        if len(asked) > 1:  # one photo must not take the others' answers away
            return [answer for one in asked for answer in _answer([one], model)]
        return [_refusal(500, f"NonFiniteScore: {error}")]
    captions = scorer.captions(seen[starts], manifest.caption_prompt)
    return [
        {
            "answers": stated(request, scores, manifest),
            "caption": caption,
            "artifact": manifest.artifact,
        }
        for (request, _), caption in zip(asked, captions, strict=True)
    ]


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

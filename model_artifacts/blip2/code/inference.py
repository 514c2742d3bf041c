"""The four handlers by which SageMaker's PyTorch container and our own server run this BLIP-2."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from answering import answer_all
from artifact_catalogue import ArtifactCatalogue
from calibration import Manifest, read_manifest
from contract import ContractError, Request, check, parse
from invocation_log import logged
from language_model import NonFiniteScoreError
from loading import load_blip2
from PIL import Image
from scoring import Scorer
from transformers.utils import logging as transformers_logging

if TYPE_CHECKING:
    from collections.abc import Sequence

try:
    from sagemaker_inference.errors import BaseInferenceToolkitError
except ImportError:  # outside SageMaker's containers
    BaseInferenceToolkitError = None

JSON = "application/json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedModel:
    """A loaded artifact, ready to answer."""

    scorer: Scorer
    catalogue: ArtifactCatalogue
    manifest: Manifest


def model_fn(model_dir: str) -> LoadedModel:
    """Load the artifact in `model_dir` without a network and answer one warm-up request.

    Raises ValueError for a folder without a catalogue or of another model's, and for one that cannot be
    served; `loading` says what it must hold.
    """
    # A progress bar fills a log with repeated lines.
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    folder = Path(model_dir)
    catalogue = ArtifactCatalogue.read(folder)
    manifest = _manifest(folder, catalogue)
    on_gpu = torch.cuda.is_available()
    if not on_gpu:
        # Several threads slow each other down as soon as anything else runs on the machine.
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or 1))
    blip, processor = load_blip2(folder, "cuda" if on_gpu else "cpu")
    model = LoadedModel(Scorer(blip, processor), catalogue, manifest)
    _check_tokens(folder, model)
    _warm_up(model)
    _log.info("artifact %s is %s", manifest.artifact, state(model))
    return model


def state(model: LoadedModel) -> str:
    """Where the model runs, and by CUDA graphs or why without them; our own server's /ping says it."""
    return f"ready on {model.scorer.blip.device}, {model.scorer.graphs}"


def _manifest(folder: Path, catalogue: ArtifactCatalogue) -> Manifest:
    """The folder's manifest; a calibration for another catalogue is left out of it."""
    stated = read_manifest(folder)
    manifest = replace(stated, calibration=stated.calibration.of_catalogue(catalogue.version))
    if not manifest.calibration.scales:
        made_for = stated.calibration.catalogue
        _log.warning(
            "artifact %s is not calibrated for its catalogue %s%s: answers say so",
            manifest.artifact,
            catalogue.version,
            f", but for {made_for}" if made_for else "",
        )
    missing = [name for name in catalogue.tree.names if name not in manifest.priors]
    if manifest.calibration.alpha and missing:
        raise ValueError(f"{folder / 'priors.json'}: log_p has no {missing[0]!r}: run `calibrate` again")
    return manifest


def _check_tokens(folder: Path, model: LoadedModel) -> None:
    """Raise ValueError for a catalogue whose names this model's tokenizer reads as other tokens."""
    catalogue, scorer = model.catalogue, model.scorer
    kinds = catalogue.tree.document()["kinds"]
    try:
        fits = (
            scorer.name_tree({kind: list(names) for kind, names in kinds.items()}).paths
            == catalogue.tree.paths
        )
        for lists in filter(None, (catalogue.materials, catalogue.colours, catalogue.patterns)):
            scorer.answer_tokens([name for names in lists.values() for name in names])
    except ValueError as error:
        fits, reason = False, f" ({error})"
    else:
        reason = ""
    if not fits:
        raise ValueError(
            f"{folder / 'catalogue.json'}: was made for another model's tokenizer{reason}: "
            "package the model again"
        )


def _warm_up(model: LoadedModel) -> None:
    catalogue = model.catalogue
    first = next(iter(catalogue.departments))
    grey = Image.new("RGB", (64, 64), "grey")
    answer = _answer_batch([Request((grey,), catalogue.version, (first,), catalogue.answered)], model)[0]
    if isinstance(answer, Exception):
        raise answer


def input_fn(request_body: str | bytes | bytearray | None, content_type: str = JSON) -> Request:
    """Decode a request; a mistake of the caller is a 4xx error that names the field."""
    if content_type.partition(";")[0].strip().lower() != JSON or request_body is None:
        raise _error(415, f"Content-Type: must be {JSON}, not {content_type[:80]}")
    try:
        return parse(request_body)
    except ContractError as error:
        raise _error(400, str(error)) from None


def predict_fn(data: Request, model: LoadedModel, context: Any = None) -> dict[str, Any]:
    """Answer all questions about the photos and caption the first one; `context` is the server's."""
    with logged(context):
        answer = predict_batch([data], model)[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def predict_batch(requests: Sequence[Request], model: LoadedModel) -> list[dict[str, Any] | Exception]:
    """Answer several requests in one batch; a request that fails gets its error in place of an answer."""
    results: list[dict[str, Any] | Exception] = []
    valid: list[Request] = []
    for request in requests:
        try:
            check(request, model.catalogue, model.manifest.artifact)
            valid.append(request)
            results.append({})
        except ContractError as error:
            results.append(_error(400, str(error)))
    answers = iter(_answer_batch(valid, model))
    return [one if isinstance(one, Exception) else next(answers) for one in results]


def _answer_batch(batch: list[Request], model: LoadedModel) -> list[dict[str, Any] | Exception]:
    if not batch:
        return []
    try:
        return [*answer_all(batch, model.scorer, model.catalogue, model.manifest)]
    except NonFiniteScoreError as error:
        if len(batch) > 1:  # one request's photo must not fail the others
            return [answer for one in batch for answer in _answer_batch([one], model)]
        return [_error(500, f"NonFiniteScore: {error}")]


def output_fn(prediction: dict[str, Any], accept: str = JSON) -> tuple[str, str]:
    """The answer as JSON and its content type."""
    wanted = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    if not wanted & {JSON, "application/*", "*/*"}:
        raise _error(406, f"Accept: only {JSON} can be answered, not {accept[:80]}")
    return json.dumps(prediction, allow_nan=False), JSON


def _error(status: int, message: str) -> Exception:
    if BaseInferenceToolkitError is None:
        return ValueError(message)
    return BaseInferenceToolkitError(status, message, message)  # type: ignore[no-any-return]

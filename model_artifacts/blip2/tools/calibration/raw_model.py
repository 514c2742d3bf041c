"""Loads a model as its container does, without its calibration, and asks it as the service does."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import catalogue_file
from . import priors
from .answers import NoAnswerError, RawAnswer, raw_answer
from .samples import ALPHAS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from catalogue import Catalogue


class RawModel:
    """A loaded model without calibration. `log_p` ranks its kinds by the priors of a grey picture."""

    def __init__(self, folder: Path, goods: Catalogue, wear_tiles: int = 0) -> None:
        """Load the model in a folder that has the catalogue's file; raises what `model_fn` raises.

        `wear_tiles` is the setting of that name, for which the model is asked.
        """
        if str(catalogue_file.CODE) not in sys.path:
            sys.path.insert(0, str(catalogue_file.CODE))
        import inference
        from calibration import Calibration

        loaded = inference.model_fn(str(folder))
        self.loaded: Any = replace(loaded, manifest=replace(loaded.manifest, calibration=Calibration()))
        self._inference: Any = inference
        self._goods = goods
        self._wear_tiles = wear_tiles
        self._log_p: NDArray[Any] | None = None

    @property
    def fingerprint(self) -> str:
        """A hash of what a raw answer depends on: weights, names, prompts, tiles and the container's code."""
        catalogue, manifest = self.loaded.catalogue, self.loaded.manifest
        tree = str([*zip(catalogue.tree.names, catalogue.tree.paths, strict=True)])
        digest = hashlib.sha256(f"{manifest.artifact}\0{manifest.question_prompt}\0{tree}".encode())
        digest.update(f"{catalogue.version}\0{self._wear_tiles}".encode())
        for file in sorted(catalogue_file.CODE.glob("*.py")):
            digest.update(file.read_bytes())
        return digest.hexdigest()[:16]

    def use_priors(self, file: Path) -> dict[str, Any]:
        """Rank by log p of each name given a grey picture, as kept in `file` or found now; returns them."""
        log_p = priors.read(file, self.loaded)
        if log_p is None:
            log_p = priors.grey_log_p(self.loaded)
            priors.write(file, priors.document(self.loaded, log_p))
        self._log_p = log_p
        return priors.document(self.loaded, log_p)

    def answer(self, products: Sequence[Sequence[bytes]]) -> list[RawAnswer | NoAnswerError]:
        """One answer for each product, from its photos as the service sends them."""
        from services.core.vision.endpoint import request_body

        bodies = [request_body(photos, self._goods, self._wear_tiles) for photos in products]
        requests = [self._inference.input_fn(body) for body in bodies]
        answers = self._inference.predict_batch(requests, self.loaded)
        valid = [
            request
            for request, answer in zip(requests, answers, strict=True)
            if not isinstance(answer, Exception)
        ]
        tops = iter(self._tops(valid))
        return [
            NoAnswerError(str(answer)) if isinstance(answer, Exception) else _raw(answer, next(tops))
            for answer in answers
        ]

    def _tops(self, requests: Sequence[Any]) -> list[list[tuple[str, float]]]:
        """For each request and each alpha above 0 the top kind and its probability."""
        from search import Search

        if self._log_p is None or not requests:
            return [[] for _ in requests]
        scorer, tree = self.loaded.scorer, self.loaded.catalogue.tree
        features = scorer.encode([photo for request in requests for photo in request.photos])
        searches, start = [], 0
        for request in requests:
            photos = tuple(range(start, start + len(request.photos)))
            start += len(request.photos)
            searches += [
                Search(photos, priors.type_prompt(self.loaded), -alpha * self._log_p) for alpha in ALPHAS[1:]
            ]
        found, _ = scorer.search(features, searches, tree, top=1)
        tops = [(answer.top[0].kind, answer.top[0].p) for answer in found]
        each = len(ALPHAS) - 1
        return [tops[number : number + each] for number in range(0, len(tops), each)]


def _raw(answer: dict[str, Any], more: Sequence[tuple[str, float]]) -> RawAnswer | NoAnswerError:
    top = answer["kinds"][0]
    try:
        return raw_answer(answer, [(top["id"], top["p"]), *more])
    except NoAnswerError as error:
        return error

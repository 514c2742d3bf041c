"""Made sets: a model whose bias is known, and photos that it answers by their names."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from model_artifacts.blip2.tools.calibration.answers import RawAnswer
from model_artifacts.blip2.tools.calibration.labels import OTHER, Labelled
from model_artifacts.blip2.tools.calibration.samples import ALPHAS

if TYPE_CHECKING:
    from pathlib import Path

    from catalogue import Catalogue


@dataclass(frozen=True)
class Bias:
    """What a made model does to the true probabilities, and the alpha that undoes its priors best."""

    type: float = 2.0
    material: float = 2.5
    slope: float = 0.5
    offset: float = -1.0
    alpha: float = 0.5


@dataclass
class MadeSet:
    """Labelled products with the raw answers of a model of known bias, and the true probabilities."""

    goods: Catalogue
    bias: Bias = field(default_factory=Bias)
    seed: int = 3
    products: list[tuple[Labelled, RawAnswer]] = field(default_factory=list)
    true_type: list[float] = field(default_factory=list)

    def add(self, count: int, folder: Path) -> MadeSet:
        """Add products: the truth of each label is drawn by the true probability."""
        random = np.random.default_rng(self.seed)
        kinds, tags = list(self.goods.kinds), ("chip", "crack", "dent")
        department = next(iter(self.goods.departments.values()))
        materials = [one.id for one in department.materials]
        best = ALPHAS.index(self.bias.alpha)
        for number in range(count):
            p = float(random.beta(4, 2))
            said, wrong, unrelated = random.choice(kinds, 3, replace=False).tolist()
            is_right = random.random() < p
            label = said if is_right else str(random.choice([wrong, OTHER]))
            claimed = float(expit(logit(p) * self.bias.type))
            # The further from the best alpha, the more often the top is another kind than without the bias.
            tops = [
                (said if random.random() > 0.15 * abs(place - best) else unrelated, claimed)
                for place in range(len(ALPHAS))
            ]
            shares = random.dirichlet(np.full(len(materials), 0.15))
            material = materials[int(random.choice(len(materials), p=shares))]
            biased = np.clip(shares, 1e-9, None) ** self.bias.material
            margins = {tag: float(random.normal(1, 4)) for tag in tags}
            worn = frozenset(
                tag
                for tag, margin in margins.items()
                if random.random() < expit(self.bias.slope * margin + self.bias.offset)
            )
            labelled = Labelled(number + 2, (folder / f"{number}.jpg",), label, material, None, None, worn)
            named = dict(zip(materials, (biased / biased.sum()).tolist(), strict=True))
            self.products.append((labelled, RawAnswer(tuple(tops), {"material": named}, margins)))
            self.true_type.append(p)
        assert all(math.isfinite(p) for p in self.true_type)
        return self

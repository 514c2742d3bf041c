"""The language stage: trains the language model to answer the service's questions from image features."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click
import numpy as np
import torch
from torch import Tensor, nn

from ...blip2.tools import catalogue_file
from ...word_tokenizer import IMAGE
from ..drawing.drawing import TAGS, UNKNOWN
from .batches import BATCH, IGNORED, Batches
from .network import goods, processor
from .pool import COLOUR_NAMES, MATERIALS, TYPES, Pool, read_pool
from .vision import VisionNetwork

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import Blip2ForConditionalGeneration

PROMPT = "Question: {} Answer:"
CAPTION_PROMPT = "a photo of"
_RATE = 1e-3
_PICTURES_A_STEP = 32


def caption(kind: str, material: str, colour: str, wear: list[str]) -> str:
    """The caption of a good."""
    noun = "item" if kind == UNKNOWN else kind
    return f"a {colour} {material} {noun}" + (f" with a {' and a '.join(wear)}" if wear else "")


class QuestionAnswers:
    """Questions and answers about pictures, as text."""

    def __init__(self, truth: dict[str, Tensor], seed: int) -> None:
        self.truth = truth
        self.random = np.random.default_rng(seed)
        asked = goods().questions
        self.type, self.material = PROMPT.format(asked.type), PROMPT.format(asked.material)
        self.wear = {tag.id: PROMPT.format(tag.question) for tag in goods().departments["drawn"].wear}

    def pairs(self, row: int) -> list[tuple[str, str]]:
        """Prompts and answers about one picture: type, material, three wear tags and the caption."""
        wear = self.truth["wear"][row].numpy()
        tags = self.random.choice(len(TAGS), 3, replace=False)
        if wear.any() and self.random.random() < 0.5:
            tags[0] = self.random.choice(np.flatnonzero(wear))
        kind = TYPES[int(self.truth["type"][row])]
        what = (self.type, kind)
        worn = [(self.wear[TAGS[tag]], "yes" if wear[tag] else "no") for tag in tags]
        if self.truth["material"][row] == IGNORED:
            return [what, what, what, *worn]
        material, colour = (
            MATERIALS[int(self.truth["material"][row])],
            COLOUR_NAMES[int(self.truth["colour"][row])],
        )
        text = caption(kind, material, colour, [tag for tag, there in zip(TAGS, wear, strict=True) if there])
        return [what, (self.material, material), *worn, (CAPTION_PROMPT, text)]


@torch.no_grad()
def _encode(blip: Blip2ForConditionalGeneration, pool: Pool) -> tuple[Tensor, dict[str, Tensor]]:
    """The image features of as many pictures as the pool has, and their labels."""
    batches = Batches(pool, seed=99)
    features: list[Tensor] = []
    known: list[dict[str, Tensor]] = []
    while len(features) * BATCH < len(pool):
        pixels, truth = batches.next()
        features.append(blip.get_image_features(pixels).pooler_output)
        known.append({name: truth[name] for name in ("type", "material", "colour", "wear")})
    return torch.cat(features), {name: torch.cat([each[name] for each in known]) for name in known[0]}


def _loss(
    blip: Blip2ForConditionalGeneration, features: Tensor, questions: Tensor, mask: Tensor, answers: Tensor
) -> Tensor:
    embedded = blip.get_input_embeddings()(questions)
    images = questions.eq(blip.config.image_token_index or 0).unsqueeze(-1)
    embedded = embedded.masked_scatter(images, features)
    return blip.language_model(inputs_embeds=embedded, attention_mask=mask, labels=answers).loss  # type: ignore[no-any-return]


def train(folder: Path, target: Path, minutes: float) -> None:
    """Train for `minutes` in total, then write the whole model to `target`; a stopped run resumes."""
    torch.manual_seed(11)
    network = VisionNetwork()
    averaged = torch.load(folder / "vision.pt", weights_only=True)["average"]
    network.load_state_dict(
        {name.removeprefix("module."): value for name, value in averaged.items() if name != "n_averaged"}
    )
    blip, tools = network.blip, processor()
    tokens = tools.tokenizer
    pool = read_pool(folder / "language")
    click.echo(f"language: encoding {len(pool)} pictures")
    features, truth = _encode(blip, pool)
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
    question_answers, random = QuestionAnswers(truth, step), torch.Generator().manual_seed(step)
    shown = mark = time.monotonic()
    while spent < minutes * 60:
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1.0, (step + 1) / 100, 2 * (1 - spent / (minutes * 60)) + 0.01)
        chosen = torch.randint(len(features), (_PICTURES_A_STEP,), generator=random)
        pairs = [question_answers.pairs(int(index)) for index in chosen]
        flat = [pair for of_picture in pairs for pair in of_picture]
        questions = tokens([image + question for question, _ in flat], padding=True, return_tensors="pt")
        answers = tokens(
            [answer for _, answer in flat], padding=True, padding_side="right", return_tensors="pt"
        ).input_ids
        answers = answers.masked_fill(answers == tokens.pad_token_id, -100)
        each = features[chosen].repeat_interleave(len(pairs[0]), dim=0)
        value = _loss(blip, each, questions.input_ids, questions.attention_mask, answers)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(blip.language_model.parameters(), 1.0)
        optimizer.step()
        step, mean = step + 1, 0.98 * mean + 0.02 * value.item()
        now = time.monotonic()
        spent, mark = spent + now - mark, now
        if now - shown > 60 or spent >= minutes * 60:
            click.echo(f"language: {spent / 60:.1f} of {minutes:g} min, step {step}, loss {mean:.4f}")
            language = blip.language_model.state_dict()
            torch.save(
                {"language": language, "optimizer": optimizer.state_dict(), "step": step, "spent": spent},
                path,
            )
            shown = mark = time.monotonic()
    save(blip, target)


def save(blip: Blip2ForConditionalGeneration, target: Path) -> None:
    """Write the model in fp16 with its processor, its catalogue and an uncalibrated manifest."""
    target.mkdir(parents=True, exist_ok=True)
    blip.half().save_pretrained(target)  # type: ignore[no-untyped-call]
    processor().save_pretrained(target)
    manifest = {"name": "demo", "prompts": {"question": PROMPT, "caption": CAPTION_PROMPT}}
    (target / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    catalogue_file.write(target, "drawn")

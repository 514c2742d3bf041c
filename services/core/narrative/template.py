"""Fills a language's sentences with an assessment's facts: the LLM's prompt, and the text without an LLM.

A small model copies its examples. So the prompt's two have as many marks as the question, and goods that are
no product of ours.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from services.core.domain.observation import CONDITION_BY_WEAR, UNKNOWN, Assessment
from services.core.narrative.grounding import caption_fits
from services.core.narrative.wording import Goods, PromptWords, Text, Wording

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam


def template_text(assessment: Assessment, words: Wording) -> Text:
    """Title and description of about 50 words that state the evidence and nothing else."""
    product, condition, sentences = assessment.product, assessment.condition, words.template
    facts = {
        "type": words.names[product.type],
        "material": words.names[product.material],
        "grade": words.names[condition.grade],
        "score": condition.score,
        "wear": ", ".join(words.names[wear.tag] for wear in condition.wear),
        "caption": assessment.caption,
    }
    unknown = product.type == UNKNOWN
    parts = [sentences.opening_unknown if unknown else sentences.opening]
    if sentences.caption and caption_fits(assessment, words):
        parts.append(sentences.caption)
    parts += [sentences.wear if condition.wear else sentences.no_wear, sentences.closing]
    title = sentences.title_unknown if unknown else sentences.title
    description = " ".join(_filled(sentence, facts) for sentence in parts)
    return Text(title=_filled(title, facts), description=description)


def prompt_messages(assessment: Assessment, words: Wording) -> list["ChatCompletionMessageParam"]:
    """The messages of the conversation; the last has the facts of this assessment."""
    prompt, names = words.prompt, words.names
    marks = [names[wear.tag] for wear in assessment.condition.wear]
    item, material = names[assessment.product.type], names[assessment.product.material]
    # Captions are in English; for a language whose template has no caption, the codes' names are used.
    if words.template.caption and caption_fits(assessment, words):
        looks = assessment.caption
    else:
        looks = prompt.looks.format(item=item, material=material)
    facts = prompt.facts.format(
        item=item,
        material=material,
        looks=looks,
        grade=names[assessment.condition.grade],
        marks=_enumerate(marks, prompt) or prompt.none,
    )
    messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": prompt.system}]
    for goods in prompt.goods:
        question, answer = _example(goods, min(len(marks), len(goods.marks)), words)
        messages.append({"role": "user", "content": question})
        messages.append({"role": "assistant", "content": answer.model_dump_json()})
    messages.append({"role": "user", "content": facts})
    return messages


def _example(goods: Goods, count: int, words: Wording) -> tuple[str, Text]:
    prompt = words.prompt
    facts = {
        "item": goods.item,
        "material": goods.material,
        "name": goods.name,
        "looks": prompt.goods_look.format(name=goods.name),
        "grade": words.names[CONDITION_BY_WEAR[count][1]],
        "marks": _enumerate(goods.marks[:count], prompt) or prompt.none,
    }
    title, description = (
        (prompt.title_marked, prompt.description_marked) if count else (prompt.title, prompt.description)
    )
    answer = Text(title=_filled(title, facts), description=_filled(description, facts))
    return prompt.facts.format(**facts), answer


def _enumerate(marks: Sequence[str], prompt: PromptWords) -> str:
    phrases = [f"{prompt.one} {mark}" for mark in marks]
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} {prompt.and_} {phrases[-1]}"


def _filled(sentence: str, facts: Mapping[str, object]) -> str:
    text = sentence.format(**facts)
    return text[:1].upper() + text[1:]

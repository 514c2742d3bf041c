"""The LLM's prompt: the rules, two worked examples with as many marks as the question, and the facts.

A small model copies its examples. So they have the question's shape, and goods that are no product of ours.
"""

from typing import TYPE_CHECKING

from services.core.domain.assessment import CONDITION_BY_WEAR, Assessment
from services.core.narrative.grounding import caption_fits
from services.core.narrative.wording import Goods, PromptWords, Text, Wording

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam


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
    answer = Text(title=_capital(title.format(**facts)), description=_capital(description.format(**facts)))
    return prompt.facts.format(**facts), answer


def _enumerate(marks: "list[str] | tuple[str, ...]", prompt: PromptWords) -> str:
    phrases = [f"{prompt.one} {mark}" for mark in marks]
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} {prompt.and_} {phrases[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

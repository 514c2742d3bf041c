"""Fills a language's sentences with an assessment's facts: the LLM's prompt, and the text without an LLM.

A small model copies its examples. So the prompt's two have as many marks as the question and say what it says
of material and condition, and their goods are no product of ours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.core.domain.assessment import CONDITION_BY_WEAR, Assessment
from services.core.domain.report import UNKNOWN, Reason
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
        "grade": words.names[condition.grade] if condition.grade else "",
        "score": condition.score,
        "wear": ", ".join(words.names[wear.tag] for wear in condition.wear),
        "caption": assessment.caption,
    }
    thing = sentences.thing_plain if product.material == UNKNOWN else sentences.thing
    facts["thing"] = thing.format(**facts)
    title = sentences.title_not_assessed if condition.grade is None else sentences.title
    description = " ".join(_filled(sentence, facts) for sentence in _sentences(assessment, words))
    return Text(title=_filled(title, facts), description=description)


def _sentences(assessment: Assessment, words: Wording) -> Iterator[str]:
    sentences, condition = words.template, assessment.condition
    yield sentences.opening_not_assessed if condition.grade is None else sentences.opening
    if assessment.product.type == UNKNOWN:
        several = Reason.SEVERAL_THINGS in assessment.confidence.reasons and not assessment.left_out
        yield sentences.several if several else sentences.unknown
    if sentences.caption and caption_fits(assessment, words):
        yield sentences.caption
    if condition.wear:
        yield sentences.wear_stated if assessment.wear_stated else sentences.wear
    elif assessment.wear_judged:
        yield sentences.no_wear_stated if assessment.wear_stated else sentences.no_wear
    if assessment.left_out:
        yield sentences.left_out
    if condition.grade is None:
        yield sentences.closing_not_assessed
    else:
        yield sentences.closing_stated if assessment.condition_stated else sentences.closing


@dataclass(frozen=True)
class _Question:
    """What the prompt states: of the product in question, or of an example's goods."""

    item: str
    material: str | None
    looks: str
    grade: str | None
    marks: tuple[str, ...]
    only_these: bool

    def facts(self, prompt: PromptWords) -> str:
        lines = [prompt.item.format(item=self.item)]
        if self.material:
            lines.append(prompt.material.format(material=self.material))
        lines += [
            prompt.looks_like.format(looks=self.looks),
            prompt.condition.format(grade=self.grade or prompt.not_judged),
            prompt.marks.format(marks=_marks(self, prompt)),
        ]
        return "\n".join(lines)


def prompt_messages(assessment: Assessment, words: Wording) -> list["ChatCompletionMessageParam"]:
    """The messages of the conversation; the last has the facts of this assessment."""
    prompt = words.prompt
    question = _question(assessment, words)
    messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": prompt.system}]
    for goods in prompt.goods:
        example, name = _example(goods, question, words)
        messages.append({"role": "user", "content": example.facts(prompt)})
        messages.append({"role": "assistant", "content": _answer(example, name, prompt).model_dump_json()})
    messages.append({"role": "user", "content": question.facts(prompt)})
    return messages


def answer_like_examples(assessment: Assessment, words: Wording) -> Text:
    """What an LLM answers that copies the prompt's examples with this assessment's facts."""
    prompt, question = words.prompt, _question(assessment, words)
    looks = prompt.looks if question.material else prompt.looks_plain
    name = looks.format(item=question.item, material=question.material)
    return _answer(question, name, prompt)


def _question(assessment: Assessment, words: Wording) -> _Question:
    prompt, names = words.prompt, words.names
    product, condition = assessment.product, assessment.condition
    item = names[product.type]
    material = None if product.material == UNKNOWN else names[product.material]
    # Captions are in English; for a language whose template has no caption, the codes' names are used.
    if words.template.caption and caption_fits(assessment, words):
        looks = assessment.caption
    else:
        looks = (prompt.looks if material else prompt.looks_plain).format(item=item, material=material)
    return _Question(
        item=item,
        material=material,
        looks=looks,
        grade=names[condition.grade] if condition.grade else None,
        marks=tuple(names[wear.tag] for wear in condition.wear),
        only_these=assessment.wear_judged,
    )


def _example(goods: Goods, like: _Question, words: Wording) -> tuple[_Question, str]:
    """A question about `goods` with facts like those of the question in `like`, and the goods' name."""
    marks = goods.marks[: len(like.marks)]
    name = goods.name if like.material else goods.plain_name
    question = _Question(
        item=goods.item,
        material=goods.material if like.material else None,
        looks=words.prompt.goods_look.format(name=name),
        grade=words.names[CONDITION_BY_WEAR[len(marks)][1]] if like.grade else None,
        marks=marks,
        only_these=like.only_these,
    )
    return question, name


def _answer(question: _Question, name: str, prompt: PromptWords) -> Text:
    facts = {
        "item": question.item,
        "material": question.material,
        "name": name,
        "grade": question.grade,
        "marks": _marks(question, prompt),
    }
    if question.marks:
        title, last = prompt.title_marked, prompt.look_at_marks
        seen = prompt.marked if question.only_these else prompt.marked_only
    else:
        title, last = prompt.title if question.grade else prompt.title_plain, prompt.look
        seen = prompt.no_marks if question.only_these else ""
    opening = prompt.opening if question.grade else prompt.opening_not_judged
    made_of = prompt.made_of if question.material else ""
    sentences = [sentence for sentence in (opening, made_of, seen, last) if sentence]
    description = " ".join(_filled(sentence, facts) for sentence in sentences)
    return Text(title=_filled(title, facts), description=description)


def _marks(question: _Question, prompt: PromptWords) -> str:
    if not question.marks:
        return prompt.none if question.only_these else prompt.not_judged
    phrases = [f"{prompt.one} {mark}" for mark in question.marks]
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} {prompt.and_} {phrases[-1]}"


def _filled(sentence: str, facts: Mapping[str, object]) -> str:
    text = sentence.format(**facts)
    return text[:1].upper() + text[1:]

"""The conversation with the LLM: two worked examples, and the facts of an assessment.

A small model copies its examples. So the two have as many marks as the question and say what it says of
material, colour, pattern and condition, and their goods are no product of ours.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogue import Noun
from services.core.domain.assessment import Assessment
from services.core.domain.grading import grade_of, score_of
from services.core.narrative.grammar import of_the, text_of, the, with_article
from services.core.narrative.grounding import caption_fits
from services.core.narrative.names import Names
from services.core.narrative.template import filled
from services.core.narrative.wording import ExampleGoods, Text, Wording

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam

# What each mark of an example takes from its score of ten.
_EXAMPLE_POINTS = 2


@dataclass(frozen=True)
class _Question:
    """What the prompt states: of the product in question, or of an example's goods."""

    item: Noun
    name: str
    material: str | None
    colour: str | None
    pattern: str | None
    looks: str
    grade: str | None
    marks: tuple[Noun, ...]
    only_these: bool

    def facts(self, words: Wording) -> str:
        prompt = words.prompt
        lines = [prompt.item.format(item=text_of(self.item, words.language))]
        if self.material:
            lines.append(prompt.material.format(material=self.material))
        if self.colour:
            lines.append(prompt.colour.format(colour=self.colour))
        if self.pattern:
            lines.append(prompt.pattern.format(pattern=self.pattern))
        lines += [
            prompt.looks_like.format(looks=self.looks),
            prompt.condition.format(grade=self.grade or prompt.not_judged),
            prompt.marks.format(marks=_marks(self, words)),
        ]
        return "\n".join(lines)


def prompt_messages(assessment: Assessment, words: Wording) -> list["ChatCompletionMessageParam"]:
    """The messages of the conversation; the last has the facts of this assessment."""
    question = _question(assessment, words)
    messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": words.prompt.system}]
    for goods in words.prompt.goods:
        example = _example(goods, question, words)
        messages.append({"role": "user", "content": example.facts(words)})
        messages.append({"role": "assistant", "content": _answer(example, words).model_dump_json()})
    messages.append({"role": "user", "content": question.facts(words)})
    return messages


def answer_like_examples(assessment: Assessment, words: Wording) -> Text:
    """What an LLM answers that copies the prompt's examples with this assessment's facts."""
    return _answer(_question(assessment, words), words)


def _question(assessment: Assessment, words: Wording) -> _Question:
    names, condition = Names(assessment, words), assessment.condition
    thing = names.thing()
    # Captions are in English; for a language whose template has no caption, the names are used.
    captioned = words.template.caption and caption_fits(assessment, words)
    return _Question(
        item=names.item,
        name=thing,
        material=names.material,
        colour=names.colour,
        pattern=names.pattern,
        looks=assessment.caption if captioned else _looks(thing, names.item, words, bool(names.material)),
        grade=words.grades[condition.grade][0] if condition.grade else None,
        marks=tuple(names.wear(wear.tag) for wear in condition.wear),
        only_these=assessment.wear_judged,
    )


def _looks(thing: str, item: Noun, words: Wording, known: bool) -> str:
    prompt = words.prompt
    looks = (prompt.looks if known else prompt.looks_plain).format(thing=thing)
    return with_article(item, words.language, looks) if prompt.looks_with_article else looks


def _example(goods: ExampleGoods, like: _Question, words: Wording) -> _Question:
    """A question about `goods` with facts like those of the question in `like`."""
    marks = goods.marks[: len(like.marks)]
    name, item = (goods.name if like.material else goods.plain_name), Noun(goods.item, goods.item, "f")
    score = score_of([_EXAMPLE_POINTS] * len(marks))
    return _Question(
        item=item,
        name=name,
        material=goods.material if like.material else None,
        colour=goods.colour if like.colour else None,
        pattern=goods.pattern if like.pattern else None,
        looks=with_article(item, words.language, name) if words.prompt.looks_with_article else name,
        grade=words.grades[grade_of(score)][0] if like.grade else None,
        marks=tuple(Noun(mark, mark, "f") for mark in marks),
        only_these=like.only_these,
    )


def _answer(question: _Question, words: Wording) -> Text:
    prompt, language = words.prompt, words.language
    facts = {
        "the_item": the(question.item, language),
        "of_item": of_the(question.item, language),
        "material": question.material,
        "name": question.name,
        "a_name": with_article(question.item, language, question.name),
        "grade": question.grade,
        "marks": _marks(question, words),
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
    description = " ".join(filled(sentence, facts) for sentence in sentences)
    return Text(title=filled(title, facts), description=description)


def _marks(question: _Question, words: Wording) -> str:
    prompt = words.prompt
    if not question.marks:
        return prompt.none if question.only_these else prompt.not_judged
    phrases = [with_article(mark, words.language) for mark in question.marks]
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} {prompt.and_} {phrases[-1]}"

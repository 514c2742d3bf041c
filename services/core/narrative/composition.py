"""Composes a text from an LLM's draft: what holds stays, the template's sentences replace the rest."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.core.domain.assessment import Assessment
from services.core.narrative.facts import FACT_IDS, FactId
from services.core.narrative.grounding import Held, Violation, hold, hold_title
from services.core.narrative.lexicon import Lexicon
from services.core.narrative.senses import Role
from services.core.narrative.sentences import FactSentences, Sentence, required
from services.core.narrative.template import (
    DESCRIPTION_WORDS,
    TITLE_CHARACTERS,
    Text,
    fits,
    template_text,
    template_title,
    too_long,
)
from services.core.narrative.tokens import tokens
from services.core.narrative.wording import Wording

if TYPE_CHECKING:
    from services.core.domain.listing import Narration

# A draft is read up to here: more sentences would not fit in a description.
MOST_SENTENCES = 12
# What a sentence may mention again.
_PASSING: frozenset[FactId] = frozenset({"photos"})
_LONG_WORD = 4
_ENDS = (".", "!", "?", "…")
_BREAK = re.compile(r"(?<=[.!?…])\s+(?=\S)")


@dataclass(frozen=True)
class DraftSentence:
    """A sentence as the LLM wrote it, and the ids of the facts on which it says to rest: any words."""

    text: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """An LLM's title and sentences in one language; the title is empty if it gave none."""

    title: str
    sentences: tuple[DraftSentence, ...] = ()


@dataclass(frozen=True)
class Composition:
    """The printed text, and what the draft's title and sentences break, in their order."""

    text: Text
    violations: tuple[Violation, ...]


@dataclass(frozen=True)
class _Printed:
    sentence: Sentence
    by_llm: bool


def compose(
    draft: Draft, assessment: Assessment, words: Wording, lexicon: Lexicon, captions: Lexicon | None = None
) -> Composition:
    """The text of a draft: its title and sentences that hold, the template's for the facts of the others.

    What must be said and is missing is added: the kind, each mark, what was not judged. A sentence that
    states nothing new is left out. `captions` is as for `template_text`, which the text is if nothing of the
    draft holds.
    """
    sentences = FactSentences(assessment, words)
    violations: list[Violation] = []
    title = _title(draft, sentences, lexicon, violations)
    body = _body(draft, sentences, lexicon, violations)
    body = _denials_last(_completed(body, sentences))
    body = _bounded(body, required(sentences.facts))
    description = " ".join(each.sentence.text for each in body)
    by_llm = [each.by_llm for each in body]
    if not any(by_llm) or not fits(description) or sentences.unnamed_marks:
        description, by_llm = template_text(assessment, words, captions).description, [False]
    by_llm.append(title is not None)
    source: Narration = "llm" if all(by_llm) else "mixed" if any(by_llm) else "template"
    text = Text(title or template_title(sentences, words), description, source)
    return Composition(text, tuple(violations))


def _title(
    draft: Draft, sentences: FactSentences, lexicon: Lexicon, violations: list[Violation]
) -> str | None:
    """The draft's title if it holds and says what a title must; None: the template's is to be used."""
    title = _one_line(draft.title).rstrip(".")
    if not title or len(title) > TITLE_CHARACTERS or _repeats(title):
        return None
    held = hold_title(title, sentences.facts, lexicon)
    if isinstance(held, Violation):
        violations.append(held)
        return None
    named = "kind" in held.facts
    if sentences.recognised and sentences.assessment.condition.status != "assessed":
        named &= "not_judged" in held.facts and _names_condition(title, lexicon)
    return title[:1].upper() + title[1:] if named else None


def _names_condition(title: str, lexicon: Lexicon) -> bool:
    """Whether a title says of what it tells that it was not judged: "mug not judged" does not."""
    terms = lexicon.terms(tokens(title, lexicon.language))
    return any("condition" in term.values(Role.TOPIC) for term in terms)


def _body(
    draft: Draft, sentences: FactSentences, lexicon: Lexicon, violations: list[Violation]
) -> list[_Printed]:
    """The draft's sentences in their order, each as it is or replaced, without what is said already."""
    pieces = list(_pieces(draft.sentences))
    read = [hold(text, cited, sentences.facts, lexicon) for text, cited in pieces]
    violations += [each for each in read if isinstance(each, Violation)]
    # Of several things that were not judged, the LLM may name one: the template's sentences name them all.
    partial: frozenset[FactId] = frozenset({"not_judged"} if sentences.several_not_judged else ())
    stated = _union(each.facts for each in read if isinstance(each, Held)) - partial
    body: list[_Printed] = []
    said: frozenset[FactId] = frozenset()
    seen: set[str] = set()
    for (text, cited), found in zip(pieces, read, strict=True):
        if isinstance(found, Held) and not (partial and found.facts - _PASSING == partial):
            facts = found.facts - partial
            printed = [_Printed(Sentence(text, facts), by_llm=True)]
            news = facts - _PASSING
            if news and news <= said:
                continue
        else:
            named = found.facts if isinstance(found, Held) else frozenset(cited)
            about = [id_ for id_ in FACT_IDS if id_ in named and id_ not in stated | said]
            printed = [_Printed(each, by_llm=False) for each in sentences.of(about)]
        for each in printed:
            if (key := each.sentence.text.casefold()) not in seen:
                seen.add(key)
                body.append(each)
                said |= each.sentence.facts
    return body


def _pieces(sentences: Sequence[DraftSentence]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The draft's first sentences, one by one though the LLM wrote several as one."""
    left = MOST_SENTENCES
    for sentence in sentences[:MOST_SENTENCES]:
        for text in _BREAK.split(_one_line(sentence.text), maxsplit=left):
            if text and left:
                left -= 1
                capital = text[:1].upper() + text[1:]
                yield capital if capital.endswith(_ENDS) else f"{capital}.", sentence.facts


def _completed(body: list[_Printed], sentences: FactSentences) -> list[_Printed]:
    """The body with what must be said and is not, and with enough words for a description."""
    said = _union(each.sentence.facts for each in body)
    missing = required(sentences.facts) - said
    printed = {each.sentence.text.casefold() for each in body}
    kind, others = (
        [each for each in sentences.of(ids) if each.text.casefold() not in printed]
        for ids in (missing & {"kind"}, missing - {"kind"})
    )
    # Before what asks the reader to look, and states nothing.
    at = next((at for at in range(len(body), 0, -1) if body[at - 1].sentence.facts - _PASSING), 0)
    completed = [
        *(_Printed(each, by_llm=False) for each in kind),
        *body[:at],
        *(_Printed(each, by_llm=False) for each in others),
        *body[at:],
    ]
    said |= missing
    seen = sentences.assessment
    more: list[FactId] = ["grade", *(["absent"] if seen.wear_judged else []), "photos"]  # type: ignore[list-item]
    fillers = [each for id_ in more if id_ not in said for each in sentences.of([id_])]
    for filler in (*fillers, sentences.look()):
        if sum(len(each.sentence.text.split()) for each in completed) >= DESCRIPTION_WORDS.start:
            break
        if filler.text.casefold() not in {each.sentence.text.casefold() for each in completed}:
            completed.append(_Printed(filler, by_llm=False))
    return completed


def _denials_last(body: list[_Printed]) -> list[_Printed]:
    """The body with what was looked for and is absent after the last mark.

    "No other mark" means: than those above.
    """
    after = next((at for at in range(len(body), 0, -1) if _marks(body[at - 1])), 0)
    early = [each for each in body[:after] if "absent" in each.sentence.facts and not _marks(each)]
    return [*(each for each in body[:after] if each not in early), *early, *body[after:]]


def _marks(printed: _Printed) -> bool:
    return any(id_.startswith("mark") for id_ in printed.sentence.facts)


def _bounded(body: list[_Printed], needed: Collection[FactId]) -> list[_Printed]:
    """The body without its last sentences that need not be said, until it is short enough."""
    body = list(body)
    while too_long(" ".join(each.sentence.text for each in body)):
        for at in range(len(body) - 1, -1, -1):
            rest = body[:at] + body[at + 1 :]
            if body[at].sentence.facts.intersection(needed) <= _union(each.sentence.facts for each in rest):
                body = rest
                break
        else:
            break
    return body


def _repeats(title: str) -> bool:
    """Whether a title says a word again: "bag with crack, crack and crack"."""
    words = [word for word in re.findall(r"\w+", title.casefold()) if len(word) >= _LONG_WORD]
    return len(words) > len(set(words))


def _union(sets: Iterator[frozenset[FactId]]) -> frozenset[FactId]:
    return frozenset[FactId]().union(*sets)


def _one_line(text: str) -> str:
    # A listing is one paragraph: line breaks and tabs are spaces.
    return " ".join(text.split())

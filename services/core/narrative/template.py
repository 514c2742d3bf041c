"""The text without an LLM: the template's sentences for all facts of an assessment."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.core.domain.assessment import Assessment
from services.core.domain.listing import Narration
from services.core.narrative.facts import FACT_IDS
from services.core.narrative.grounding import caption_fits
from services.core.narrative.lexicon import Lexicon
from services.core.narrative.sentences import FactSentences, Sentence, filled
from services.core.narrative.wording import Wording

TITLE_CHARACTERS = 100
DESCRIPTION_CHARACTERS = 700
DESCRIPTION_WORDS = range(15, 101)


@dataclass(frozen=True)
class Text:
    """Title and description of a report in one language, and whose sentences they are."""

    title: str
    description: str
    source: Narration


def template_text(assessment: Assessment, words: Wording, captions: Lexicon | None = None) -> Text:
    """Title and description of about 40 words that state the evidence and nothing else.

    Where they would be too long, the title has no pattern, then no material; the description no caption, then
    no details of marks, then no closing. `captions` is the lexicon by which the caption is checked; without
    one it is left out.
    """
    sentences = FactSentences(assessment, words)
    caption = sentences.caption() if captions is not None and caption_fits(assessment, captions) else None
    description = next(filter(fits, _descriptions(sentences, caption)), None)
    if description is None:
        *_, description = _descriptions(sentences, caption)
    return Text(template_title(sentences, words), description, "template")


def template_title(sentences: FactSentences, words: Wording) -> str:
    """The title, of at most TITLE_CHARACTERS; of goods that were not recognised it says that."""
    assessment, template = sentences.assessment, words.template
    if not sentences.recognised:
        return template.title_unknown
    grade = assessment.condition.grade
    pattern = template.title_not_judged if grade is None else template.title
    title = ""
    for stating in (("material", "colour", "pattern"), ("material", "colour"), ("colour",), ()):
        thing = sentences.names.thing(stating)
        title = filled(pattern, thing=thing, grade=words.grades[grade] if grade else "")
        if len(title) <= TITLE_CHARACTERS:
            break
    return title


def fits(description: str) -> bool:
    """Whether a description keeps its bounds in words and characters."""
    return len(description.split()) >= DESCRIPTION_WORDS.start and not too_long(description)


def too_long(description: str) -> bool:
    """Whether a description has too many words or characters."""
    return len(description) > DESCRIPTION_CHARACTERS or len(description.split()) >= DESCRIPTION_WORDS.stop


def _descriptions(sentences: FactSentences, caption: Sentence | None) -> Iterator[str]:
    """The description from the longest form to the shortest."""
    for detailed, captioned, closed in ((True, True, True), (True, False, True), (False, False, True)):
        yield _description(sentences, caption if captioned else None, detailed=detailed, closed=closed)
    yield _description(sentences, None, detailed=False, closed=False)


def _description(sentences: FactSentences, caption: Sentence | None, *, detailed: bool, closed: bool) -> str:
    seen = sentences.assessment
    # What was not seen is listed only where all was looked at: the list of what was not judged suffices.
    left_out = {"absent"} if not seen.wear_judged else set()
    left_out |= set() if closed else {"photos"}
    said = sentences.of([id_ for id_ in FACT_IDS if id_ not in left_out], detailed=detailed)
    if caption:
        said.insert(1, caption)
    if closed:
        said.append(sentences.look())
    return " ".join(sentence.text for sentence in said)

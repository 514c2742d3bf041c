"""The narrative without an LLM: the facts in fixed sentences, in English or French."""

from services.core.domain.assessment import Assessment
from services.core.domain.vocabulary import UNKNOWN
from services.core.narrative.grounding import caption_fits
from services.core.narrative.wording import Text, Wording


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
    return Text(title=_join([title], facts), description=_join(parts, facts))


def _join(sentences: list[str], facts: dict[str, object]) -> str:
    return " ".join(_sentence(sentence.format(**facts)) for sentence in sentences)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]

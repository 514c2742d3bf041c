"""`python -m benchmarks.words`: listing texts that are true or false of given facts, read by the check.

Each line of FOLDER/en.jsonl and FOLDER/fr.jsonl is a product with its facts, honest and false sentences, and
honest and false titles, written from a brief that does not say how the check works
(benchmarks/listing_texts/BRIEF.md). Tokens are counted by OpenAI's o200k tokenizer, for an answer as long as
the template's sentences.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, get_args

import bpe_openai

from benchmarks.figures import FIGURES, Figure, keep, say, show
from catalogue import SECOND_HAND, Catalogue, load
from catalogue.model import Language
from services.core.domain.assessment import Assessment, Goods
from services.core.domain.report import UNKNOWN, Condition, Product, Reliance, Wear
from services.core.narrative.facts import FACT_IDS, Facts
from services.core.narrative.grounding import Held, Violation, hold, hold_title
from services.core.narrative.lexicon import lexicon
from services.core.narrative.prompt import prompt_messages, prompt_prefix
from services.core.narrative.sentences import FactSentences
from services.core.narrative.template import template_text
from services.core.narrative.wording import wording
from services.core.usage import TokenPrices, Usage
from settings.environment import load_environment

TEXTS = Path(__file__).parent / "listing_texts"
LANGUAGES: tuple[Language, ...] = get_args(Language)
# The prompt and the answer of commit 6dff4a0, which let the LLM write one text and checked it as a whole:
# mean tokens of the same tokenizer over the products of a development set, answered as its examples are.
BEFORE: Mapping[Language, Usage] = {
    "en": Usage(prompt_tokens=284, completion_tokens=64),
    "fr": Usage(prompt_tokens=371, completion_tokens=84),
}
# What the provider's chat format adds to a message.
_MESSAGE_TOKENS = 4


@dataclass(frozen=True)
class Decision:
    """What the check says of a text: right if an honest one holds, or a false one does not."""

    product: str
    kind: str
    honest: bool
    text: str
    found: Held | Violation
    why: str = ""

    @property
    def right(self) -> bool:
        """Whether the text is printed exactly if it is honest."""
        return isinstance(self.found, Held) is self.honest

    def line(self) -> str:
        """One line about the decision."""
        reason = (
            f"{self.found.rule.value}: {self.found.word!r}" if isinstance(self.found, Violation) else "held"
        )
        return (
            f"{self.product} {'honest' if self.honest else 'false'} {self.kind}, {reason} · {self.text}"
            + (f" · {self.why}" if self.why else "")
        )


def main() -> None:
    """Read the texts, print one line per figure, keep the run in docs/figures/words.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.words", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=TEXTS, help="holds en.jsonl and fr.jsonl")
    parser.add_argument("--show", action="store_true", help="list each wrong decision with rule and word")
    options = parser.parse_args()
    goods = load(SECOND_HAND)
    figures: list[Figure] = []
    for language in LANGUAGES:
        lines = (options.folder / f"{language}.jsonl").read_text("utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        decisions = [each for row in rows for each in decide(row, goods)]
        figures += [*_accuracy(language, decisions), *_cost(language, [facts_of(row, goods) for row in rows])]
        if options.show:
            for decision in decisions:
                if not decision.right:
                    say(decision.line())
    if options.folder == TEXTS:
        keep(FIGURES / "words.json", figures, {})
    show(figures)


def decide(row: Mapping[str, Any], goods: Catalogue) -> Iterator[Decision]:
    """Hold each sentence and title of a product against its facts."""
    assessment = facts_of(row, goods)
    facts, own = Facts(assessment), lexicon(goods, row["language"])
    ids = {f"wear:{wear.tag}": id_ for id_, wear in facts.marks.items()} | {"score": "grade"}
    for honest, sentences in ((True, row["honest"]), (False, row["false"])):
        for each in sentences:
            cited = [ids.get(id_, id_) for id_ in each["facts"]]
            found = hold(each["text"], cited, facts, own)
            yield Decision(row["id"], "sentence", honest, each["text"], found, each.get("why", ""))
    for text in row["titles_honest"]:
        yield Decision(row["id"], "title", True, text, hold_title(text, facts, own))
    for each in row["titles_false"]:
        yield Decision(
            row["id"], "title", False, each["text"], hold_title(each["text"], facts, own), each["why"]
        )


def facts_of(row: Mapping[str, Any], goods: Catalogue) -> Assessment:
    """The assessment that has a row's facts."""
    given = row["facts"]
    kind = goods.kinds.get(given["kind"])
    asked = goods.departments[kind.department].wear if kind else ()
    product = Product(
        type=kind.id if kind else UNKNOWN,
        material=given["material"] or UNKNOWN,
        colour=given["colour"],
        pattern=given["pattern"],
    )
    judged = given["grade"] is not None
    wear = tuple(Wear(**mark, confidence=0.9) for mark in given["wear"])
    return Assessment(
        product=product,
        goods=Goods.of(product, asked, goods),
        condition=Condition(
            status="assessed" if judged else "not_assessed",
            score=given["score"],
            grade=given["grade"],
            wear=wear,
        ),
        evidence=(),
        caption="",
        confidence=Reliance(level="high" if judged else "low"),
        absent=frozenset(given["absent"]),
        left_out=False,
        photos=given["photos"],
    )


def _accuracy(language: Language, decisions: list[Decision]) -> Iterator[Figure]:
    for kind in ("sentence", "title"):
        printed = [each for each in decisions if each.kind == kind and not each.honest and not each.right]
        yield Figure(f"{language}_false_{kind}s_printed", len(printed), at_most=0)
    for kind in ("sentence", "title"):
        kept = [each.right for each in decisions if each.kind == kind and each.honest]
        yield Figure(f"{language}_honest_{kind}s_kept_percent", 100 * fmean(kept), at_least=90)
    yield Figure(f"{language}_texts", len(decisions))


def _cost(language: Language, products: list[Assessment]) -> Iterator[Figure]:
    """Tokens of a report, and USD of 1,000 at production's prices: before, now, and with a cached prefix."""
    llm = load_environment("prod").llm
    prices = TokenPrices(llm.usd_per_mtok_input, llm.usd_per_mtok_cached_input, llm.usd_per_mtok_output)
    prefix = _tokens(*(str(message["content"]) for message in prompt_prefix((language,))))
    asked = [prompt_messages(product, (language,)) for product in products]
    now = Usage(
        prompt_tokens=round(
            fmean(_tokens(*(str(each["content"]) for each in messages)) for messages in asked)
        ),
        completion_tokens=round(fmean(_tokens(_answer(product, language)) for product in products)),
    )
    cached = now.model_copy(update={"cached_tokens": prefix})
    yield Figure(f"{language}_prefix_tokens", prefix, at_least=1024)
    for name, usage in (("before", BEFORE[language]), ("now", now)):
        yield Figure(f"{language}_prompt_tokens_{name}", usage.prompt_tokens)
        yield Figure(f"{language}_answer_tokens_{name}", usage.completion_tokens)
    for name, usage in (("before", BEFORE[language]), ("now", now), ("now_cached", cached)):
        yield Figure(f"{language}_usd_per_1000_reports_{name}", 1000 * usage.usd(prices))


def _answer(product: Assessment, language: Language) -> str:
    words = FactSentences(product, wording(language))
    sentences = [{"text": each.text, "facts": sorted(each.facts)} for each in words.of(FACT_IDS)]
    title = template_text(product, wording(language)).title
    return json.dumps({language: {"title": title, "sentences": sentences}}, ensure_ascii=False)


def _tokens(*texts: str) -> int:
    encoding = bpe_openai.get_encoding("o200k_base")
    return sum(len(encoding.encode(text)) + _MESSAGE_TOKENS for text in texts)


if __name__ == "__main__":
    main()

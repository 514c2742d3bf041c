"""What a sentence says to be unknown of goods, held against what is."""

from collections.abc import Mapping, Sequence

from services.core.domain.report import UNKNOWN
from services.core.narrative.clauses import Group, Polarity, names_wear
from services.core.narrative.facts import Facts
from services.core.narrative.mentions import Mention
from services.core.narrative.senses import ANYTHING, Role


def unknown_topics(facts: Facts) -> Mapping[str, bool]:
    """Whether the condition, the kind, the material, the colour and the pattern are unknown."""
    seen, product = facts.assessment, facts.assessment.product
    return {
        "condition": seen.condition.status != "assessed",
        "kind": product.type == UNKNOWN,
        "material": product.material == UNKNOWN,
        "colour": product.colour in (None, UNKNOWN),
        "pattern": product.pattern in (None, UNKNOWN),
    }


def open_topics(
    number: int, groups: Sequence[Group], found: Sequence[Mention], facts: Facts
) -> frozenset[str] | None:
    """The topics that a group leaves open; None: it leaves open wear, or what no assessment tells."""
    group = groups[number]
    mine = [mention for mention in found if mention.group == number]
    if any(mention.said is Polarity.UNJUDGED and not mention.general for mention in mine):
        return None
    terms = [word.term for word in group if word.term.has(Role.TOPIC)]
    # "Its material could not be recognised" is about the material, "not recognised" about the kind.
    named = [term for term in terms if not term.has(Role.JUDGING)]
    untold = any(word.term.has(Role.UNTOLD, Role.UNTESTED) for word in group)
    before = groups[number - 1] if number else None
    again = before is not None and before.unjudged and (group.has(Role.REFERRING) or _explains(before))
    if not named and (untold or again):
        return None
    topics = frozenset(topic for term in named or terms for topic in term.values(Role.TOPIC))
    return topics or _unnamed(number, groups, mine, facts)


def _explains(before: Group) -> bool:
    """Whether what follows a colon says why wear is open."""
    return before.ends == ":" and any(map(names_wear, before))


def _unnamed(number: int, groups: Sequence[Group], mine: Sequence[Mention], facts: Facts) -> frozenset[str]:
    group = groups[number]
    unknown = unknown_topics(facts)
    # « Et la matière ? Inconnue. » is about the material alone, « note : non attribuée » about the condition.
    asked = number > 0 and groups[number - 1].ends in ("?", ":")
    near = groups[max(0, number - 1) : number + (1 if asked else 2)]
    beside = {topic for each in near for word in each for topic in word.term.values(Role.TOPIC)}
    if asked and groups[number - 1].has(Role.POINTS):
        beside.add("condition")
    if beside := {topic for topic in beside if asked or unknown[topic]}:
        return frozenset(beside)
    anything = any(ANYTHING in mention.tags for mention in mine)
    # "Nothing could be judged" is said of all; the "pas" of « n'ont pas été jugées » is the verb's.
    first = next((w.term for w in group if w.term.has(Role.NO, Role.NOTHING, Role.NOT)), None)
    nothing = first is not None and not first.has(Role.NOT)
    vague = (bool(facts.unclear) or facts.assessment.left_out) and not nothing
    return frozenset() if anything or vague else frozenset({"condition"})

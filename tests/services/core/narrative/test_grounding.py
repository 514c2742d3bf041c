from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest

import catalogue
from catalogue.model import Language
from services.core.domain.assessment import Assessment, assess
from services.core.domain.observation import Observation
from services.core.domain.report import Flaw
from services.core.narrative.grounding import caption_fits, fitting_caption, unsupported_claim
from services.core.narrative.names import Names
from services.core.narrative.prompt import answer_like_examples
from services.core.narrative.wording import Text, wording
from tests.services.core.narrative.goods import assessment_of, worn_mark

Make = Callable[..., Observation]
DRAWN = catalogue.load(catalogue.DRAWN)
REAL = catalogue.load(catalogue.SECOND_HAND)
# Enough words to be a description, all of them true of any product.
REST: dict[Language, str] = {
    "en": "Please look at the photos closely and ask the seller for more of them before you decide.",
    "fr": "Regardez bien les photos du vendeur et demandez-en d'autres avant de décider.",
}


def objection(
    assessment: Assessment, sentence: str, language: Language = "en", title: str = ""
) -> str | None:
    """The objection to one sentence within a description that is supported otherwise."""
    words = wording(language)
    names = Names(assessment, words)
    nouns = [names.item, *(names.wear(wear.tag) for wear in assessment.condition.wear)]
    facts = [noun.en if language == "en" else noun.fr for noun in nouns]
    text = Text(title=title or facts[0], description=f"{', '.join(facts)}. {sentence} {REST[language]}")
    return unsupported_claim(text, assessment, words)


@pytest.fixture
def chipped(observation: Make) -> Assessment:
    """A blue ceramic mug in good condition, 8 out of 10, with a chip on its second photo."""
    return assess(observation(wear=((), ("chip",))), None, DRAWN)


@pytest.fixture
def flawless(observation: Make) -> Assessment:
    """A blue ceramic mug in excellent condition."""
    return assess(observation(), None, DRAWN)


@pytest.mark.parametrize(
    "sentence",
    [
        "A blue ceramic mug in good condition with a chip.",
        "The photos show a chip on the mug, and no other marks were found.",
        "It is made of ceramic and has a chip, but no cracks, stains or dents.",
        "The mug is chipped; nothing else was found.",
        "Without scratches, tears or other signs of wear.",
        "No other damage of any kind was seen apart from the chip.",
        "Visible signs of wear: chip.",
        "It shows some wear: a chip, as you can see in photo 2.",
        "The mug is good on your table.",
        "Ready for a new owner, a new home and a second life.",
        "Pre-owned, rated 8 out of 10.",
        "Rated 8/10.",
        "Used ceramic mug, sold as seen — a chip (please see photo 1).",
        "CERAMIC MUG IN GOOD CONDITION",
        "Well suited to anyone looking for a ceramic mug at home; no other marks were noted.",
        "It otherwise remains suitable for everyday use.",
        "Give this pre-loved mug a second life, and please ask if you would like more details.",
        "Take a close look at the images to decide whether it suits your needs.",
        "It shows signs of use: a chip.",
        "Apart from the chip, no other flaws or defects were found.",
        "No other marks such as dents, scratches or tears.",
        "The only wear is a chip.",
        "The only visible flaw is a chip.",
        "Other than the chip, it is in good condition.",
        "It is rated 8 out of 10 due to the visible chip.",
        "You'll find that you've a choice if you're looking for a ceramic mug.",
        "Used blue ceramic mug.",
        "Used mug with a chip.",
        "If you have any questions, feel free to contact the seller before you buy.",
    ],
)
def test_observed_facts_are_supported(chipped: Assessment, sentence: str) -> None:
    assert objection(chipped, sentence) is None


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("A glass mug.", "glass"),
        ("It is a vase.", "vase"),
        ("It is made of blue ceramic and wood.", "made"),
        ("It is made of blue.", "made"),
        ("A turquoise marble mug.", "turquoise"),
        ("A red mug.", "red"),
        ("Ikea mug.", "ikea"),
        ("The Wedgwood mug.", "wedgwood"),
        ("A vintage mug.", "vintage"),
        ("A stoneware cup.", "stoneware"),
        ("Two mugs.", "two"),
        ("It is seventy years old.", "seventy"),
        ("It is 10 years old.", "10"),
        ("Only $10.", "only"),
        ("For $10.", "$"),
        ("For 10€.", "10"),
        ("Rated 9 out of 10.", "9"),
        ("Rated 8.5 out of 10.", "8"),
        ("Please see photo 3.", "3"),
        ("In excellent condition.", "excellent"),
        ("In like-new condition.", "like"),
        ("A new mug.", "new"),
        ("In very good condition.", "very"),
        ("The handle is broken.", "handle"),
        ("It is rusty.", "rusty"),
        ("Hand-made in one home.", "hand"),
        ("There are other marks.", "other"),
        ("With a chip and a crack.", "crack"),
        ("It is cracked.", "cracked"),
        ("No dents, but stains.", "stains"),
        ("No dents and a crack.", "crack"),
        ("No dents, torn.", "torn"),
        ("No cracks on the mug, and a tear.", "tear"),
        ("With no chips at all.", "chips"),
        ("No visible chips.", "chips"),
        ("No cracks or chips.", "chips"),
        ("No cracks, stains, and chips.", "chips"),
        ("No cracks and no other chips.", "chips"),
        ("No cracks on the mug or the chips.", "chips"),
        ("No cracks (or chips).", "chips"),
        ("Not a chip.", "not"),
        ("No photo shows a chip.", "no"),
        ("A chip was seen in no photo.", "no"),
        ("Chips: no.", "no"),
        ("Chips? None.", "?"),
        ("No cracks... chips.", "..."),
        ("Chip-free.", "free"),
        ("No signs of wear.", "signs"),
        ("No damage.", "damage"),
        ("No cracks or marks.", "marks"),
        ("No other cracks, no marks.", "marks"),
        ("No marks, cracks or other stains.", "marks"),
        ("Nothing was found.", "nothing"),
        ("No signs of use.", "signs"),
        ("It is chipped all over.", "all"),
        ("Chipped throughout.", "throughout"),
        ("There are chips around it.", "around"),
        ("More chips are visible.", "more"),
        ("The chips are visible in all photos.", "all"),
        ("The chip is only visible if you look closely.", "only"),
        ("These are only marks.", "only"),
        ("It is just a chip.", "just"),
        ("The chip may be on the photo.", "may"),
        ("A chip located on the mug.", "located"),
        ("The chip is near the top.", "near"),
        ("The chip is due to the photo.", "due"),
        ("The seller noted the chip.", "seller"),
        ("Otherwise in good order.", "order"),
        ("It has been well looked after.", "well"),
        ("It doesn't show other marks.", "doesn"),
        ("Without a good condition.", "without"),
        ("A mug_with a chip.", "_"),
        ("A mug\N{ZERO WIDTH SPACE}.", "\N{ZERO WIDTH SPACE}"),
    ],
)
def test_unobserved_facts_are_unsupported(chipped: Assessment, sentence: str, found: str) -> None:
    assert repr(found) in (objection(chipped, sentence) or "")


@pytest.mark.parametrize(
    "sentence",
    [
        "No chips, cracks or stains.",
        "The photos show no marks on the mug, and nothing else was found.",
        "No sign of wear was seen in the photos.",
        "No chips at all, and without any trace of dents.",
        "In excellent condition, rated 10 out of 10.",
        "No visible flaws, defects or signs of wear.",
        "No evidence of damage.",
        "With no noted marks, it is in excellent condition.",
    ],
)
def test_absent_wear_may_be_denied(flawless: Assessment, sentence: str) -> None:
    assert objection(flawless, sentence) is None


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("It shows signs of wear.", "signs"),
        ("Please look at the marks.", "marks"),
        ("No chips, but other marks.", "other"),
        ("No chips. Cracks.", "cracks"),
        ("In good condition.", "good"),
        ("It shows visible signs of everyday use.", "signs"),
        ("Some signs of use are visible.", "signs"),
        ("It shows some visible traces.", "traces"),
        ("There is evidence.", "evidence"),
        ("It has seen regular use.", "regular"),
        ("The only mark is on it.", "mark"),
        ("A mug with a flaw.", "flaw"),
    ],
)
def test_absent_wear_is_unsupported(flawless: Assessment, sentence: str, found: str) -> None:
    assert repr(found) in (objection(flawless, sentence) or "")


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("It comes from my own home.", "comes"),
        ("It has been in our home.", "our"),
        ("It has been on display.", "display"),
        ("It has been in a shop.", "shop"),
        ("In the same condition as when it was first sold.", "same"),
        ("It looks as it did.", "did"),
        ("It was sold.", "sold"),
        ("It is always in the photos.", "always"),
        ("Used once.", "once"),
        ("It was used for photos.", "used"),
        ("It is still to be used.", "still"),
        ("It was carefully used.", "carefully"),
        ("It keeps time well.", "keeps"),
        ("It shows the exact time.", "exact"),
        ("It does as it should.", "does"),
        ("It is ready to use.", "use"),
        ("It is in order.", "order"),
        ("It has enough space.", "enough"),
        ("It has everything.", "everything"),
        ("It has all you need.", "all"),
        ("It includes both.", "includes"),
        ("It comes with flowers.", "comes"),
        ("A piece from another time.", "piece"),
        ("It needs some attention.", "needs"),
        ("It reads well.", "reads"),
        ("A simple mug.", "simple"),
        ("The seller is honest.", "seller"),
        ("Buyers rated it 10 out of 10.", "buyers"),
        ("Everyone rated it 10 out of 10.", "everyone"),
    ],
)
def test_facts_beyond_photos_are_unsupported(flawless: Assessment, sentence: str, found: str) -> None:
    assert repr(found) in (objection(flawless, sentence) or "")


@pytest.mark.parametrize(
    "sentence",
    [
        "Tasse en céramique d'occasion, en bon état, avec une ébréchure.",
        "La tasse est ébréchée, sans fissure ni tache.",
        "Les photos montrent une ébréchure sur la tasse, et aucune autre trace d'usure n'a été trouvée.",
        "Il n’y a pas de fissure, ni rayures, ni bosses, mais une ébréchure.",
        "La matière est : céramique. Aucune rayure visible.",
        "Notée 8 sur 10 : prête pour une nouvelle vie chez vous.",
        "Voyez la photo 2 ; rien d'autre n'a été vu.",
        "Traces d'usure visibles : ébréchure.",
        "En bon état général malgré une ébréchure bien visible, elle conviendra à un usage quotidien.",
        "On note une ébréchure, mais aucun autre défaut.",
        "La seule trace d'usure est une ébréchure.",
        "Mis à part l'ébréchure, elle est en bon état.",
        "Une marque d'usure est visible : une ébréchure.",
        "Aucune autre marque d'usure n'a été constatée.",
        "Quelques traces d'usage visibles.",
        "Offrez une seconde vie à cette tasse ; contactez le vendeur pour toute question.",
    ],
)
def test_observed_facts_are_supported_in_french(chipped: Assessment, sentence: str) -> None:
    assert objection(chipped, sentence, "fr") is None


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Tasse en verre.", "verre"),
        ("Tasse bleue.", "bleue"),
        ("Tasse en porcelaine.", "porcelaine"),
        ("Tasse de marque.", "marque"),
        ("Faite main.", "faite"),
        ("Tasses neuves.", "tasses"),
        ("Articles usagés.", "usagés"),
        ("En excellent état.", "excellent"),
        ("En très bon état.", "très"),
        ("Âgée de soixante-dix ans.", "âgée"),
        ("Notée 9 sur 10.", "9"),
        ("Avec une fissure.", "fissure"),
        ("Fissurée.", "fissurée"),
        ("Sans fissure et des rayures.", "rayures"),
        ("Sans ébréchure.", "ébréchure"),
        ("Sans fissure ni ébréchure.", "ébréchure"),
        ("Aucune ébréchure.", "ébréchure"),
        ("Il n'y a pas d'ébréchure.", "ébréchure"),
        ("L'ébréchure n'a pas été vue.", "pas"),
        ("L'ébréchure ne peut être vue.", "peut"),
        ("Ébréchure sur aucune photo.", "aucune"),
        ("Aucune trace d'usure.", "trace"),
        ("Sans dommage.", "dommage"),
        ("Avec d'autres dommages.", "autres"),
        ("Une bonne occasion.", "occasion"),
        ("Ébréchée partout.", "partout"),
        ("Des ébréchures autour.", "autour"),
        ("L'ébréchure est visible sur toutes les photos.", "toutes"),
        ("L'ébréchure ne se voit que de près.", "que"),
        ("Une simple ébréchure.", "simple"),
        ("Ce ne sont que des traces.", "que"),
        ("L'ébréchure est dessous.", "dessous"),
        ("L'ébréchure est sur le côté.", "côté"),
        ("Ébréchée sur le dessus.", "dessus"),
        ("L'ébréchure est à l'avant.", "avant"),
        ("Elle a toujours été chez nous.", "toujours"),
        ("Dans le même état qu'à l'achat.", "même"),
        ("Telle qu'à l'achat.", "telle"),
        ("Le vendeur a noté une ébréchure.", "vendeur"),
        ("Notée 8 sur 10 par les acheteurs.", "acheteurs"),
        ("Tasse offerte.", "offerte"),
        ("Elle demande de l'attention.", "demande"),
        ("Elle est utile.", "utile"),
    ],
)
def test_unobserved_facts_are_unsupported_in_french(chipped: Assessment, sentence: str, found: str) -> None:
    assert repr(found) in (objection(chipped, sentence, "fr") or "")


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Quelques traces d'usage visibles.", "traces"),
        ("Elle présente des traces d'utilisation.", "traces"),
        ("Quelques signes d'usage.", "signes"),
        ("Un défaut est visible.", "défaut"),
        ("Une marque d'usure.", "usure"),
    ],
)
def test_absent_wear_is_unsupported_in_french(flawless: Assessment, sentence: str, found: str) -> None:
    assert repr(found) in (objection(flawless, sentence, "fr") or "")


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Wedgwood mug", "'wedgwood'"),
        ("Mug without chips", "'chips'"),
        ("", "the title"),
        (" - ", "the title"),
        ("mug " * 26, "the title"),
    ],
)
def test_title_is_checked_too(chipped: Assessment, title: str, found: str) -> None:
    text = Text(title=title, description=f"A mug with a chip. {REST['en']}")
    assert found in (unsupported_claim(text, chipped, wording("en")) or "")


@pytest.mark.parametrize(
    ("description", "code"),
    [
        (f"A mug. {REST['en']}", "chip"),
        (f"An item with a chip. {REST['en']}", "mug"),
        (f"A chip, on your mug. {REST['en']}".replace("your mug", "your table"), "mug"),
    ],
)
def test_omitted_fact_is_found(chipped: Assessment, description: str, code: str) -> None:
    text = Text(title="Mug with a chip", description=description)
    assert unsupported_claim(text, chipped, wording("en")) == f"{code!r} is not mentioned"


@pytest.mark.parametrize(
    "description", ["A mug with a chip.", "A mug with a chip. " * 20, "photographs mug chip " * 34]
)
def test_description_length_is_checked(chipped: Assessment, description: str) -> None:
    text = Text(title="Mug", description=description)
    assert "too short or too long" in (unsupported_claim(text, chipped, wording("en")) or "")


@pytest.mark.parametrize(
    ("caption", "fits"),
    [
        ("a blue ceramic mug", True),
        ("a blue mug", True),
        ("A blue coffee mug sitting on a table.", True),
        ("a close up of a white ceramic mug with a handle on a white background", True),
        ("a chipped mug with a floral pattern", True),
        ("a small blue mug above a shelf", True),
        ("a used coffee mug isolated on a white background", True),
        ("a blue porcelain mug", False),
        ("a blue cup", False),
        ("two blue mugs", False),
        ("a blue glass mug", False),
        ("a vase", False),
        ("a blue mug next to a vase", False),
        ("a blue ceramic item", False),
        ("a cracked mug", False),
        ("a mug with a chip and a crack", False),
        ("a broken mug", False),
        ("a rusty old mug", False),
        ("a new mug", False),
        ("a turquoise marble mug", False),
        ("a mug in excellent condition", False),
        ("a mug with no chips", False),
        ("a mug without cracks", False),
        ("a mug with a chip on the handle", False),
        ("a mug with a handle in good condition", False),
        ("a mug with a small chip", False),
        ("a mug with a light", False),
        ("an ikea mug", False),
        ("two mugs for $10", False),
        ("a " * 30 + "mug", False),
        ("", False),
    ],
)
def test_caption_fits_if_only_looks_added(
    chipped: Assessment, observation: Make, caption: str, fits: bool
) -> None:
    captioned = assess(observation(wear=(("chip",),), caption=caption), None, DRAWN)
    assert caption_fits(captioned, wording("en")) is fits


def test_words_of_fitting_caption_are_supported() -> None:
    captioned = worn("boot", "leather", caption="a tall brown leather cowboy boot")
    text = Text(title="Brown boot", description=f"A tall cowboy boot, made of leather: brown. {REST['en']}")
    assert unsupported_claim(text, captioned, wording("en")) is None
    other = worn("boot", "leather", caption="a tall brown leather cowboy boot with a tear")
    assert unsupported_claim(text, other, wording("en")) == "'brown' is stated without evidence"


def worn(
    kind: str,
    material: str,
    *tags: str,
    colour: str | None = None,
    pattern: str | None = None,
    caption: str = "",
) -> Assessment:
    """Goods of the catalogue of real ones, all of whose wear was looked for."""
    return assessment_of(REAL, kind, material, [worn_mark(tag) for tag in tags], colour, pattern, caption)


@pytest.mark.parametrize(
    "sentence",
    [
        "A striped light blue cotton shirt with an open seam.",
        "This shirt is blue, with stripes and an open seam; no broken zips, missing buttons or stains.",
        "Open seams: no other marks were found.",
        "The only mark is an open seam.",
    ],
)
def test_names_of_several_words_are_read_as_one(sentence: str) -> None:
    shirt = worn("shirt", "cotton", "loose_seam", colour="light_blue", pattern="striped")
    assert objection(shirt, sentence) is None


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("A red shirt.", "'red'"),
        ("A floral shirt.", "'floral'"),
        ("With a broken zip.", "'broken zip'"),
        ("It is torn.", "'torn'"),
        ("No open seams.", "'open seams'"),
        ("It has a mark, no open seam.", "'open seam'"),
        ("No broken zips and missing buttons were seen, a stain.", "'stain'"),
        ("A denim shirt.", "'denim'"),
        ("A dress shirt.", "'dress'"),
    ],
)
def test_other_names_are_unsupported(sentence: str, found: str) -> None:
    shirt = worn("shirt", "cotton", "loose_seam", colour="light_blue", pattern="striped")
    assert found in (objection(shirt, sentence) or "")


@pytest.mark.parametrize(
    ("caption", "fits"),
    [
        ("a blue striped shirt", True),
        ("a light blue denim shirt", True),
        ("two shirts", False),
        ("a light blue dress shirt", False),
        ("shirts on a white background", True),
        ("a red striped shirt", False),
        ("a blue floral shirt", False),
    ],
)
def test_answer_precedes_caption(caption: str, fits: bool) -> None:
    shirt = worn("shirt", "cotton", colour="light_blue", pattern="striped", caption=caption)
    assert caption_fits(shirt, wording("en")) is fits


@pytest.mark.parametrize("sentence", ["This lamp has a dent.", "The floor lamps have a dent."])
def test_kind_may_be_shortened_but_is_named(sentence: str) -> None:
    lamp = worn("floor_lamp", "metal", "dent")
    assert (objection(lamp, sentence) is None) is ("lamps" not in sentence)
    unnamed = Text(title="Lamp with a dent", description=f"{sentence} {REST['en']}")
    assert unsupported_claim(unnamed, lamp, wording("en"))


@pytest.fixture
def handled(observation: Make) -> Assessment:
    """A chipped mug whose caption states its size and a part."""
    return assess(
        observation(wear=(("chip",),), caption="a small light blue coffee mug with a handle"), None, DRAWN
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "A blue coffee mug with a handle.",
        "A small mug with a chip.",
        "This small, light blue mug is chipped.",
        "The mug has a handle; it shows a chip.",
        "The handle has no cracks.",
    ],
)
def test_looks_of_product_are_supported(handled: Assessment, sentence: str) -> None:
    assert objection(handled, sentence) is None


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("The handle is chipped.", "handle"),
        ("The chip is on the handle.", "handle"),
        ("A mug with a handle and no other marks.", "handle"),
        ("The only wear is on the handle.", "handle"),
        ("The handle is in good condition.", "handle"),
        ("The handle is small.", "small"),
        ("A small chip.", "small"),
        ("The chip is light.", "light"),
        ("A coffee mark.", "coffee"),
        ("The mug is small.", "small"),
    ],
)
def test_looks_of_wear_are_unsupported(handled: Assessment, sentence: str, found: str) -> None:
    assert repr(found) in (objection(handled, sentence) or "")


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("wear", [(), ("chip",), ("dent", "tear"), ("chip", "crack", "stain")])
@pytest.mark.parametrize("type_", ["mug", "shoe", "unknown"])
@pytest.mark.parametrize("material", ["ceramic", "unclear"])
def test_answer_shaped_like_examples_is_supported(
    observation: Make, language: Language, wear: tuple[str, ...], type_: str, material: str
) -> None:
    assessment, words = assess(observation(type_, material, wear=(wear,)), None, DRAWN), wording(language)
    text = answer_like_examples(assessment, words)
    assert unsupported_claim(text, assessment, words) is None


JUDGED_NOT: dict[Language, str] = {
    "en": "Its condition could not be judged from the photos.",
    "fr": "L'état n'a pas pu être jugé d'après les photos.",
}


@pytest.mark.parametrize("language", get_args(Language))
def test_unjudged_condition_must_be_said(observation: Make, language: Language) -> None:
    blurred = assess(observation(), [(Flaw.BLURRED,)], DRAWN)
    assert objection(blurred, JUDGED_NOT[language], language) is None
    assert objection(blurred, REST[language], language) == "it does not say that the condition was not judged"


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("In good condition.", "en"),
        ("Rated 10 out of 10.", "en"),
        ("No chips or cracks.", "en"),
        ("No sign of wear was seen.", "en"),
        ("No other marks were found.", "en"),
        ("It has a chip.", "en"),
        ("Nothing else was found.", "en"),
        ("En bon état.", "fr"),
        ("Noté 10 sur 10.", "fr"),
        ("Aucune trace d'usure.", "fr"),
        ("Sans fissure.", "fr"),
        ("Rien d'autre n'a été trouvé.", "fr"),
    ],
)
def test_unjudged_condition_is_not_claimed(observation: Make, sentence: str, language: Language) -> None:
    blurred = assess(observation(), [(Flaw.BLURRED,)], DRAWN)
    assert objection(blurred, f"{JUDGED_NOT[language]} {sentence}", language)


@pytest.mark.parametrize("language", get_args(Language))
def test_judged_condition_is_not_denied(observation: Make, language: Language) -> None:
    assert objection(assess(observation(), None, DRAWN), JUDGED_NOT[language], language)


@pytest.mark.parametrize("sentence", ["A ceramic mug.", "Made of ceramic.", "A blue mug."])
def test_uncertain_material_is_not_stated(observation: Make, sentence: str) -> None:
    assert objection(assess(observation("mug", "unclear"), None, DRAWN), sentence)


@pytest.mark.parametrize(
    "sentence", ["No chips.", "No cracks or chips.", "No other marks.", "The only mark is a dent."]
)
def test_uncertain_wear_is_not_denied(observation: Make, sentence: str) -> None:
    seen = observation(wear=(("dent",),))
    unsure = assess(replace(seen, wear=tuple({**one, "chip": (0.4,)} for one in seen.wear)), None, DRAWN)
    assert objection(unsure, sentence)
    assert objection(unsure, "No cracks.") is None


@pytest.mark.parametrize(
    "caption",
    [
        "a blue ceramic mug with a crack",
        "a broken mug",
        "a mug in good condition",
        "a mug without chips",
        "a lamp",
        "a glass mug",
        "a mug and a lamp",
        "a kitten",
        "a mug\x00",
        "",
    ],
)
def test_contradicting_caption_is_left_out(observation: Make, caption: str) -> None:
    assert fitting_caption(assess(observation(caption=caption), None, DRAWN)) is None


def test_fitting_caption_is_kept(observation: Make) -> None:
    assert (
        fitting_caption(assess(observation(caption="a blue ceramic mug"), None, DRAWN))
        == "a blue ceramic mug"
    )
    unknown = assess(observation("unknown", caption="a blue ceramic mug"), None, DRAWN)
    assert fitting_caption(unknown) is None

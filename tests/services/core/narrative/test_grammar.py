"""Expectations are written by hand, as a dictionary has them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue import Adjective, Noun
from catalogue.model import Language
from services.core.narrative.grammar import agree, agreed, described, of_the, plural_of, the, with_article

BOTH: frozenset[Language] = frozenset({"en", "fr"})
ENGLISH: frozenset[Language] = frozenset({"en"})
FRENCH: frozenset[Language] = frozenset({"fr"})
NAVY = Adjective("navy", "navy", (), "navy blue", "bleu marine", "bleu marine", "bleu marine", "bleu marine")
WHITE = Adjective("white", "white", (), "white", "blanc", "blanche", "blancs", "blanches")
ABSTRACT = Adjective("abstract", "abstract", (), "with an abstract pattern", *["à motif abstrait"] * 4)


def english(name: str) -> Noun:
    return Noun(name, "", "m")


@pytest.mark.parametrize(
    "phrase",
    [
        "an urn", "an umbrella", "an upright piano", "an oar", "an hourglass", "an MP3 player", "an SSD",
        "an LP", "an IPL device", "an RC car", "an X-ray", "an 8-track tape", "an 18-piece set",
        "an 11-inch pan", "an ice skate", "an Oxford shoe", "an Adirondack chair", "an embroidered shirt",
        "an unopened box", "an undershirt", "an elastic band", "a unicycle", "a uniform", "a ukulele",
        "a utility knife", "a used mug", "a USB hub", "a UV lamp", "a VCR", "a TV stand", "a CD",
        "a 3D printer", "a MIDI keyboard", "a hammock", "a hat", "a one-piece swimsuit", "a European flag",
        "a T-shirt", "a yo-yo", "a DVD", "an e-reader", "a u-lock", "an l-shaped sofa", "a usb cable",
        "a ouija board", "an unidentified toy", "an usher's cap", "a ushanka", "an éclair", "a BMX bike",
        "a 12-string guitar", "a 100-piece puzzle",
    ],
)  # fmt: skip
def test_english_article_follows_the_sound(phrase: str) -> None:
    assert with_article(english(phrase.split(" ", 1)[1]), "en") == phrase


@pytest.mark.parametrize(
    ("noun", "phrases"),
    [
        (Noun("bag", "sac", "m"), ("un sac", "le sac", "du sac")),
        (Noun("mug", "tasse", "f"), ("une tasse", "la tasse", "de la tasse")),
        (Noun("tree", "arbre", "m"), ("un arbre", "l'arbre", "de l'arbre")),
        (Noun("scuff", "éraflure", "f"), ("une éraflure", "l'éraflure", "de l'éraflure")),
        (Noun("egg", "œuf", "m"), ("un œuf", "l'œuf", "de l'œuf")),
        (Noun("clock", "horloge", "f"), ("une horloge", "l'horloge", "de l'horloge")),
        (Noun("hammock", "hamac", "m", aspirated_h=True), ("un hamac", "le hamac", "du hamac")),
        (Noun("axe", "hache", "f", aspirated_h=True), ("une hache", "la hache", "de la hache")),
        (Noun("yo-yo", "yo-yo", "m"), ("un yo-yo", "le yo-yo", "du yo-yo")),
        (Noun("harp", "harpe", "f", aspirated_h=True), ("une harpe", "la harpe", "de la harpe")),
        (Noun("dumbbell", "haltère", "m"), ("un haltère", "l'haltère", "de l'haltère")),
        (
            Noun("top hat", "haut-de-forme", "m", aspirated_h=True),
            ("un haut-de-forme", "le haut-de-forme", "du haut-de-forme"),
        ),
        (Noun("bowl", "écuelle", "f"), ("une écuelle", "l'écuelle", "de l'écuelle")),
        (Noun("jar", "Égouttoir", "m"), ("un Égouttoir", "l'Égouttoir", "de l'Égouttoir")),
        (
            Noun("monkey", "ouistiti en peluche", "m"),
            ("un ouistiti en peluche", "le ouistiti en peluche", "du ouistiti en peluche"),
        ),
        (
            Noun("eleven", "onze de départ", "m"),
            ("un onze de départ", "le onze de départ", "du onze de départ"),
        ),
        (Noun("ear", "ouïe", "f"), ("une ouïe", "l'ouïe", "de l'ouïe")),
        (Noun("yoghurt pot", "yaourt", "m"), ("un yaourt", "le yaourt", "du yaourt")),
        (Noun("gas", "ypérite", "f"), ("une ypérite", "l'ypérite", "de l'ypérite")),
        (Noun("oak", "yeuse", "f"), ("une yeuse", "l'yeuse", "de l'yeuse")),
        (Noun("boat", "yole", "f"), ("une yole", "la yole", "de la yole")),
        (Noun("cable", "USB", "m"), ("un USB", "l'USB", "de l'USB")),
        (Noun("disc", "DVD", "m"), ("un DVD", "le DVD", "du DVD")),
        (
            Noun("spots", "rousseurs", "f", FRENCH, ENGLISH),
            ("des rousseurs", "les rousseurs", "des rousseurs"),
        ),
        (Noun("scissors", "ciseaux", "m", BOTH), ("des ciseaux", "les ciseaux", "des ciseaux")),
        (Noun("rust", "rouille", "f", uncountable=BOTH), ("de la rouille", "la rouille", "de la rouille")),
        (
            Noun("peeling", "écaillage", "m", uncountable=BOTH),
            ("de l'écaillage", "l'écaillage", "de l'écaillage"),
        ),
        (
            Noun("pilling", "boulochage", "m", uncountable=BOTH),
            ("du boulochage", "le boulochage", "du boulochage"),
        ),
    ],
)
def test_french_articles_agree_and_contract(noun: Noun, phrases: tuple[str, str, str]) -> None:
    assert (with_article(noun, "fr"), the(noun, "fr"), of_the(noun, "fr")) == phrases


@pytest.mark.parametrize(
    ("noun", "phrase"),
    [
        (Noun("scissors", "ciseaux", "m", BOTH), "scissors"),
        (Noun("rust", "rouille", "f", uncountable=BOTH), "rust"),
        (Noun("car rack", "barres de toit", "f", FRENCH), "a car rack"),
        (Noun("mould", "moisissure", "f", uncountable=ENGLISH), "mould"),
    ],
)
def test_english_plural_has_no_article(noun: Noun, phrase: str) -> None:
    assert with_article(noun, "en") == phrase


@pytest.mark.parametrize(
    ("noun", "colour"),
    [
        (Noun("bag", "sac", "m"), "blanc"),
        (Noun("mug", "tasse", "f"), "blanche"),
        (Noun("scissors", "ciseaux", "m", BOTH), "blancs"),
        (Noun("glasses", "lunettes", "f", BOTH), "blanches"),
    ],
)
def test_colour_agrees_in_french(noun: Noun, colour: str) -> None:
    assert (agreed(WHITE, noun, "fr"), agreed(NAVY, noun, "fr")) == (colour, "bleu marine")
    assert agreed(WHITE, noun, "en") == "white"
    assert agree(["minor"], noun, "en") == "minor"


@pytest.mark.parametrize(
    ("name", "known", "phrase"),
    [
        ("shirt", ("cotton", "blue", "striped"), "striped blue cotton shirt"),
        ("shirt", ("cotton", "blue", ABSTRACT.en), "blue cotton shirt with an abstract pattern"),
        ("leather jacket", ("leather", "black", None), "black leather jacket"),
        ("wooden spoon", ("wood", None, None), "wooden spoon"),
        ("plaid shirt", (None, "red", "plaid"), "red plaid shirt"),
        ("ring", ("gold", "gold", None), "gold ring"),
        ("light bulb", ("glass", "light blue", None), "light blue glass light bulb"),
        ("mug", (None, None, None), "mug"),
        ("Bluetooth speaker", ("wood", "blue", None), "blue wood Bluetooth speaker"),
        ("greenhouse", ("glass", "green", None), "green glass greenhouse"),
        ("glasses", ("glass", "gold", None), "gold glasses"),
        ("woollen hat", ("wool", "red", None), "red woollen hat"),
    ],
)
def test_english_words_stand_before_noun(
    name: str, known: tuple[str | None, str | None, str | None], phrase: str
) -> None:
    assert described(english(name), "en", *known) == phrase


@pytest.mark.parametrize(
    ("name", "known", "phrase"),
    [
        ("chemise", ("coton", "bleue", "rayée"), "chemise bleue rayée en coton"),
        ("gant de travail", ("cuir", "noir", None), "gant de travail noir en cuir"),
        ("sac à main", (None, None, "à carreaux"), "sac à main à carreaux"),
        ("veste en cuir", ("cuir", "noire", None), "veste en cuir noire"),
        ("verre à vin", ("verre", None, None), "verre à vin"),
        ("ordinateur", ("or", "doré", None), "ordinateur doré en or"),
        ("bague", ("argent", "argentée", None), "bague argentée en argent"),
        (
            "sac",
            ("similicuir", "vert foncé", "à motif animalier"),
            "sac vert foncé à motif animalier en similicuir",
        ),
        ("boîte métallique", ("métal", "rouge", None), "boîte métallique rouge"),
        ("collier de perles", ("perle", "crème", None), "collier de perles crème"),
        ("mousseur à lait", ("mousse", None, None), "mousseur à lait en mousse"),
        ("statue", ("bronze", "bronze", None), "statue en bronze"),
    ],
)
def test_french_words_stand_after_noun(
    name: str, known: tuple[str | None, str | None, str | None], phrase: str
) -> None:
    assert described(Noun("", name, "m"), "fr", *known) == phrase


@pytest.mark.parametrize("language", ["en", "fr"])
@given(name=st.from_regex(r"[A-Za-zàâéèêîôûœ0-9]+([ '-][a-zàâéèêîôûœ0-9]+)*", fullmatch=True))
@settings(max_examples=50)
def test_any_name_has_forms(language: Language, name: str) -> None:
    """Names of a catalogue to come: the forms keep the name, and a plural its number of words."""
    noun = Noun(name, name, "m")
    assert with_article(noun, language).split(" ", 1)[1] == name
    assert the(noun, language).removeprefix("le ").removeprefix("l'").removeprefix("the ") == name
    assert of_the(noun, language).endswith(name)
    assert len(plural_of(name, language).split(" ")) == len(name.split(" "))

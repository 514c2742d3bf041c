"""The rules that judge the French texts, judged themselves by a native's examples."""

import pytest

from tests.services.core.narrative.french_rules import elides, faults


@pytest.mark.parametrize(
    "text",
    [
        "les photos de le vase", "l'état de les chaises", "à le dos", "à les coins", "la vase",
        "la vase ébréché", "une vase", "Tasse ébréché d'occasion", "État : bon. Lunettes rayée.", "un lampe",
        "du table", "le écharpe", "la écharpe", "de étain", "que elle", "il ne a pas", "du argent", "au étui",
        "ce étui", "sa épingle", "l'hamac", "l'harpe", "d'hache", "l'onze", "l'yo-yo", "l'yaourt",
        "le haltère", "la horloge", "le harmonica", "le ypérite", "cet sac", "ce album", "une vase bleue",
        "un vase bleue", "une tasse blanc", "des tasses blanches et des vase", "les sac", "des vases ébréché",
        "une tasse marrons", "un ciseaux", "un crayons de couleur", "la tasses", "le lunettes", "un  sac",
        "un sac , bleu", "état: bon", "photo photo", "l' urne", "si il", "cette motif", "aucun rayure",
        "aucune défaut", "l'urne fissuré", "l'état importante",
    ],
)  # fmt: skip
def test_wrong_french_is_found(text: str) -> None:
    assert faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "les photos du vase", "l'état des chaises", "avant de les acheter", "le vase ébréché",
        "la lampe bleue", "l'écharpe rouge en laine", "en étain", "qu'elle", "il n'a pas", "de l'argent",
        "cet étui", "son épingle", "le hamac", "la harpe", "du haut-parleur", "de la hache", "le onze",
        "le yo-yo", "le yaourt", "le ouistiti", "l'haltère", "l'horloge", "l'harmonica", "l'ypérite",
        "une tasse marron", "des tasses blanches", "aujourd'hui", "regardez-le attentivement",
        "c'est un sac, et non une valise", "des ciseaux", "les lunettes", "l'album photo",
        "État : bon, noté 8 sur 10.", "le huit", "on la montre", "une trace d'humidité", "l'état important",
        "ce à quoi", "on n'y voit rien", "mal d'yeux", "un beau livre", "Couverture au crochet noire",
        "Tasses ébréchées", "Lunettes rayées", "Porte blanche", "des haltères", "la housse",
        "le home-trainer", "la poêle", "le poêle", "une rayure (légère, photo 1, en haut à gauche)",
        "un tapis gris", "des tapis gris",
    ],
)  # fmt: skip
def test_right_french_passes(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(
    ("words", "elided"),
    [
        ("hache hamac harpe haricot haut hautbois hérisson héron hibou hochet hockey homard housse", False),
        ("haltère harmonica herbe héroïne hélicoptère heure histoire hiver hôtel horloge huile humeur", True),
        ("oui onze ouistiti uhlan yaourt yo-yo yacht yole yucca", False),
        ("œuf âne écran étui île ypérite yeuse usine ouverture ouate", True),
    ],
)  # fmt: skip
def test_elision_follows_the_dictionary(words: str, elided: bool) -> None:
    assert [word for word in words.split() if elides(word) != elided] == []

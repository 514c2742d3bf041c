"""Ordinary French words that together claim what no assessment holds, by what they claim."""

import pytest

from services.core.domain.report import Place, Severity
from services.core.narrative.facts import Facts
from services.core.narrative.grounding import Held, Violation, hold
from services.core.narrative.lexicon import lexicon
from tests.services.core.narrative.examples import SECOND_HAND, known, seen

FRENCH = lexicon(SECOND_HAND, "fr")
GOODS = {
    "bag": known(
        "handbag",
        "leather",
        colour="black",
        score=6,
        marks=(
            seen("scratch", 1, Place.BOTTOM_LEFT, Severity.MINOR),
            seen("corner_wear", 3, None, Severity.MODERATE),
        ),
        not_absent=frozenset({"broken_zip"}),
        photos=3,
    ),
    "blk": known(
        "blanket",
        "wool",
        colour="camel",
        score=6,
        marks=(seen("hole", 2, Place.TOP_LEFT, Severity.SEVERE),),
        photos=2,
    ),
    "dress": known("dress", "cotton", colour="red", pattern="floral", score=10, photos=2),
    "fig": known("figurine", colour="cream", score=8, photos=2),
    "guitar": known(
        "acoustic_guitar",
        "wood",
        colour="brown",
        score=5,
        marks=(
            seen("scratch", 1, Place.TOP_LEFT, Severity.MINOR),
            seen("scratch", 3, Place.BOTTOM_RIGHT, Severity.SEVERE),
        ),
        photos=4,
    ),
    "jbox": known("jewelry_box", "wood", colour="brown", score=8, photos=2),
    "mug": known(
        "mug",
        "ceramic",
        colour="blue",
        score=8,
        marks=(seen("chip", 2, Place.TOP_RIGHT, Severity.MINOR),),
        photos=3,
    ),
    "pan": known("frying_pan", "cast_iron", colour="black", score=8, photos=2),
    "pearl": known(
        "earring",
        "pearl",
        colour="white",
        score=8,
        marks=(seen("scratch", 1, None, Severity.MINOR),),
        photos=2,
    ),
    "perf2": known("perfume", "glass", colour="lilac", score=9, photos=2),
    "phone": known("smartphone", "glass", colour="orange", photos=2),
    "snk": known(
        "sneaker",
        "leather",
        colour="white",
        score=3,
        marks=(
            seen("sole_wear", 4, None, Severity.SEVERE),
            seen("stain", 1, Place.TOP_LEFT, Severity.MODERATE),
        ),
        photos=4,
    ),
    "statue": known("statue", colour="bronze", score=10, photos=2),
    "sweater": known(
        "sweater",
        "wool",
        colour="grey",
        score=8,
        marks=(seen("stain", 1, Place.TOP_LEFT, Severity.MINOR),),
        photos=2,
    ),
    "table": known(
        "coffee_table",
        "wood",
        colour="brown",
        score=5,
        marks=(
            seen("ring", 2, None, Severity.MODERATE),
            seen("scratch", 2, Place.BOTTOM_RIGHT, Severity.MINOR),
            seen("dent", 3, None, Severity.MINOR),
        ),
        photos=3,
    ),
    "tripod": known("tripod", "aluminium", colour="black", score=8, photos=2),
    "vase": known(
        "vase",
        "glass",
        colour="transparent",
        score=4,
        marks=(seen("crack", 3, None, Severity.SEVERE),),
        photos=3,
    ),
}
# A true sentence of each, so that none of the false ones fails by its goods.
TRUE = {
    "bag": "Une rayure légère et un coin usé sont visibles.",
    "blk": "Couverture camel, trou.",
    "dress": "La robe rouge est à fleurs.",
    "fig": "Figurine crème.",
    "guitar": "La guitare en bois est rayée.",
    "jbox": "Boîte à bijoux marron en bois.",
    "mug": "La tasse bleue a une ébréchure légère.",
    "pan": "Poêle noire en fonte.",
    "pearl": "Boucles d'oreilles en perle.",
    "perf2": "Flacon de parfum lilas.",
    "phone": "Ce smartphone est en verre.",
    "snk": "Baskets blanches en cuir.",
    "statue": "Statue couleur bronze.",
    "sweater": "Pull gris en laine.",
    "table": "La table basse a une rayure légère en bas à droite de la photo 2.",
    "tripod": "Trépied noir en aluminium.",
    "vase": "Le vase est fissuré.",
}
FALSE = {
    "question_answered": [
        ("mug", "Une fissure ? Oui, sur la photo 2."),
        ("bag", "Une tache ? Elle est sur la photo 2."),
        ("mug", "Est-elle fissurée ? Je le confirme."),
    ],
    "question_that_hides": [
        ("mug", "Qui verrait une ébréchure ?"),
        ("snk", "Usées ? À vous de juger."),
        ("mug", "Voyez-vous la fissure sur la photo 3 ?"),
    ],
    "double_negation": [
        ("mug", "Sans ignorer la fissure."),
        ("mug", "Elle n'est pas exempte de fissure."),
        ("mug", "N'ignorez pas la rayure."),
    ],
    "denial_that_presumes": [
        ("bag", "Ne cherchez pas de tache."),
        ("mug", "La rayure n'a pas été montrée."),
        ("mug", "La rayure n'est pas décrite."),
    ],
    "detail_of_another_mark": [
        ("bag", "La rayure, comme le coin usé, figure sur la photo 3."),
        ("bag", "Sur cette photo, la rayure et le coin usé."),
        ("table", "Une rayure en bas à droite de la photo 2, une bosse aussi."),
    ],
    "colour_or_thing": [
        ("perf2", "Note de lavande."),
        ("statue", "Du bronze."),
        ("fig", "Ivoire en bon état"),
    ],
    "wider_kind": [
        ("tripod", "Appareil noir en aluminium."),
        ("pan", "Pièce de vaisselle en fonte"),
        ("jbox", "Bijoux en bois"),
    ],
    "score_of_something_else": [
        ("mug", "On compte 8 points d'usure."),
        ("dress", "10/10 pour la matière."),
        ("mug", "Huit points sont à voir sur la tasse."),
    ],
    "who_judged": [
        ("mug", "La tasse mérite sa note de 8/10."),
        ("mug", "Selon une inspection attentive, bon état."),
        ("mug", "Ébréchure reçue lors d'une inspection."),
    ],
    "colour_of_wear": [
        ("mug", "L'ébréchure est en céramique."),
        ("snk", "La semelle usée est en cuir."),
        ("sweater", "La tache, grise, se voit sur la photo 1."),
    ],
    "only_one": [
        ("guitar", "Une rayure est visible, c'est la seule."),
        ("guitar", "La rayure est la seule."),
    ],
    "one_mark_twice": [
        ("table", "Une auréole, un rond de verre, une rayure."),
        ("bag", "Une rayure et une égratignure, sur la photo 1."),
        ("bag", "Un coin usé et un coin abîmé."),
    ],
    "other_photos": [
        ("mug", "L'ébréchure de la photo 2 se voit aussi sur d'autres photos."),
        ("mug", "L'ébréchure est visible sur la photo 2 et sur la suivante."),
        ("mug", "L'ébréchure est ailleurs que sur la photo 2."),
    ],
    "hard_to_find": [
        ("phone", "Impossible de le voir rayé."),
        ("phone", "Difficile d'y trouver une rayure."),
        ("phone", "Rayure impossible à trouver."),
    ],
    "set_aside": [
        ("bag", "On peut ignorer la rayure."),
        ("mug", "Toute ébréchure est écartée."),
        ("bag", "La rayure peut être écartée."),
    ],
    "demand": [
        ("mug", "Des acheteurs l'ont demandée."),
        ("dress", "C'est un achat que je ne regrette pas."),
        ("bag", "Sac à main noir désiré"),
    ],
    "history": [
        ("dress", "Elle n'a pas été montrée."),
        ("mug", "Elle est à moi."),
        ("sweater", "Taché lors de l'achat."),
    ],
    "completeness_of_wear": [
        ("bag", "Une rayure et un coin usé, en tout et pour tout."),
        ("bag", "Les défauts se limitent à ce que montrent les photos."),
        ("blk", "Un trou et ce qui suit."),
    ],
    "offer": [
        ("mug", "Elle sera chez vous dès votre achat."),
        ("mug", "Je réponds de son état."),
        ("mug", "Tasse bleue disponible chez vous"),
    ],
    "brand": [
        ("mug", "La photo 2 montre la marque."),
        ("mug", "Marque présente en haut à droite de la photo 2."),
        ("mug", "Tasse bleue, marque visible"),
    ],
    "extent": [
        ("bag", "La rayure se voit dans le cuir."),
        ("bag", "Tout en cuir."),
        ("mug", "Le bleu est affecté."),
    ],
    "softening": [
        ("vase", "La fissure est une nuance du verre."),
        ("mug", "L'ébréchure se laisse deviner."),
        ("vase", "Une possible fissure."),
    ],
    "fitness": [
        ("mug", "Elle permet de recevoir des visiteurs."),
        ("mug", "Elle vous aidera dans vos choix."),
        ("mug", "La teinte des photos est exacte."),
    ],
    "number_of_goods": [
        ("snk", "Plusieurs baskets blanches en cuir."),
        ("snk", "Les deux semelles sont usées."),
        ("pearl", "Quelques boucles d'oreilles."),
    ],
    "place_within": [
        ("mug", "Une ébréchure dans la tasse, en haut à droite de la photo 2."),
        ("mug", "Une ébréchure se voit dans la tasse."),
        ("mug", "Une ébréchure en haut à droite dans la tasse."),
    ],
    "grade_of_a_part": [
        ("mug", "L'ébréchure est jugée en bon état."),
        ("dress", "Excellent état, elle le restera."),
        ("bag", "Le cuir est en état correct."),
    ],
    "colour_of_a_pattern": [
        ("dress", "Robe à fleurs rouges."),
        ("dress", "Le motif est rouge."),
        ("dress", "Du coton et rien d'autre."),
    ],
    "second_object": [
        ("mug", "Tasse et sa sous-tasse."),
        ("mug", "Cette tasse se vend avec sa vaisselle."),
    ],
    "name": [
        ("mug", "Tasse bleue Nature et Image"),
        ("dress", "Robe Image rouge"),
    ],
    "more": [
        ("mug", "Nous la trouvons en bon état."),
        ("mug", "Bon état selon moi."),
        ("mug", "Vous lui donnerez 8/10."),
        ("mug", "L'ébréchure se fait oublier."),
        ("mug", "Une ébréchure et le reste."),
        ("mug", "Note de 8 sur 8."),
        ("dress", "Rien ne l'a tachée."),
        ("dress", "Aucune autre tache."),
        ("bag", "La rayure est la principale marque."),
        ("bag", "Le sac est noir et son cuir aussi."),
        ("phone", "Il n'a pas été jugé rayé."),
        ("vase", "La fissure ne se voit que sur la photo 3."),
    ],
}


@pytest.mark.parametrize("goods", GOODS)
def test_true_sentence_of_goods_holds(goods: str) -> None:
    found = hold(TRUE[goods], (), Facts(GOODS[goods]), FRENCH)
    assert isinstance(found, Held), found


@pytest.mark.parametrize(("goods", "text"), [each for texts in FALSE.values() for each in texts])
def test_combination_of_ordinary_words_is_refused(goods: str, text: str) -> None:
    assert isinstance(hold(text, (), Facts(GOODS[goods]), FRENCH), Violation)

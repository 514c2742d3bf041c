"""French ways to show, grade, deny and leave open: the honest ones hold, those that claim more do not."""

import pytest

from services.core.narrative.facts import Facts
from services.core.narrative.grounding import Held, Violation, hold, hold_title
from tests.services.core.narrative.examples import known
from tests.services.core.narrative.test_combinations_fr import FRENCH, GOODS

HONEST = {
    "showing": [
        ("mug", "Vous distinguerez une ébréchure en photo 2."),
        ("mug", "Cette tasse affiche une légère ébréchure."),
        ("mug", "En y regardant de près, une fine ébréchure apparaît sur la deuxième photo."),
        ("sweater", "Pull gris portant une petite tache, de petite taille, sur la photo 1."),
        ("vase", "La fissure, importante, est à voir en photo 3."),
    ],
    "grading": [
        ("bag", "Noir, en cuir, correct."),
        ("bag", "Je le noterais six sur dix, autrement dit : correct."),
        ("bag", "Ce sac se range parmi les objets en état correct."),
        ("bag", "L'ensemble ressort à six sur dix."),
        ("mug", "La tasse mérite la note de 8 sur 10."),
        ("mug", "Huit points obtenus sur 10."),
        ("mug", "Elle n'est pas parfaite, mais elle est en bon état."),
    ],
    "denying": [
        ("mug", "Ni rayure, ni tache ou encore fissure."),
        ("mug", "J'ai eu beau chercher, je n'ai vu aucune rayure."),
        ("mug", "On a cherché une rayure, en vain."),
        ("snk", "Semelle mise à part, aucune déchirure."),
        ("dress", "Robe rouge sans trou : une fois les photos examinées, rien à signaler."),
    ],
    "leaving_open": [
        ("bag", "Impossible de dire, au vu des photos, si la fermeture éclair est cassée."),
        ("bag", "La fermeture éclair, en revanche, n'a pu être évaluée."),
        ("bag", "L'évaluation de la fermeture éclair n'a pas été possible."),
        ("bag", "De la fermeture éclair, je ne sais rien."),
        ("phone", "Aucun jugement n'est porté sur l'état."),
    ],
    "looks": [
        ("mug", "La tasse est bien bleue."),
        ("bag", "Un sac taillé dans un cuir noir."),
    ],
    "telling_marks_apart": [
        ("bag", "Deux marques : l'une est une rayure, l'autre un coin usé."),
        ("bag", "Ses défauts sont au nombre de deux."),
        ("mug", "Pas d'autre défaut que cette ébréchure."),
        ("vase", "Aucune autre trace n'a été identifiée que cette fissure."),
        ("mug", "Une petite trace d'usage : une ébréchure."),
    ],
    "materials_of_marks": [
        ("guitar", "Une rayure dans le bois."),
        ("vase", "La fissure du verre est importante."),
        ("table", "Une auréole modérée laissée par un verre."),
    ],
    "open_beside_denied": [
        ("bag", "Hormis la rayure et le coin usé, aucun défaut, mais le zip n'a pas pu être jugé."),
        ("bag", "L'état de la fermeture reste inconnu : les photos ne le montrent pas."),
        ("bag", "Je ne peux pas garantir l'absence de fermeture éclair cassée."),
        ("bag", "La fermeture éclair, tout comme son zip, n'a pas pu être contrôlée."),
        ("phone", "L'état n'est pas noté, la photo n'est pas assez précise."),
    ],
    "plain_selling": [
        ("dress", "RAS, aucune trace d'usure."),
        ("dress", "Les fermetures ne sont pas cassées et les coutures ne sont pas ouvertes."),
        ("bag", "Classé correct selon l'échelle."),
        ("mug", "Bon état dans l'ensemble, légère ébréchure."),
        ("phone", "Téléphone portable orange en verre."),
        ("mug", "La note repose uniquement sur les photos."),
    ],
}
FALSE = {
    # A verb that took the grade or the severity behind it for its own.
    "showing": [
        ("vase", "Ce vase affiche un bon état."),
        ("vase", "Ce vase affiche une légère fissure sur la photo 3."),
        ("mug", "Elle affiche une importante ébréchure."),
        ("vase", "Vase donné en bon état."),
        ("vase", "Une fine fissure se voit sur la photo 3."),
        ("vase", "Un début de fissure."),
        ("mug", "La photo 2 invente une ébréchure."),
    ],
    "size": [
        ("mug", "Une tasse de petite taille avec une ébréchure."),
        ("mug", "Une tasse fine avec une ébréchure."),
    ],
    "grading": [
        ("bag", "La fermeture éclair est correcte."),
        ("bag", "Cuir correct."),
        ("bag", "Sa couleur est correcte."),
        ("dress", "Excellente robe."),
        ("dress", "Une robe excellente."),
        ("dress", "Excellent !"),
        ("mug", "Tasse : bon son."),
        ("mug", "Une tasse bleue : bon choix."),
        ("mug", "La tasse mérite la note de 9 sur 10."),
        ("mug", "Noire, en céramique, correcte."),
        ("dress", "Elle fait son effet."),
    ],
    "denying": [
        ("mug", "Semelle mise à part, aucune rayure."),
        ("bag", "Hormis la fermeture éclair, rien à signaler."),
        ("bag", "L'usure se résume à une rayure."),
        ("bag", "Il n'y a guère qu'une rayure."),
        ("bag", "Aucun défaut ne m'échappe."),
        ("mug", "Pas de choc."),
        ("snk", "Un choc se voit sur la photo 1."),
        ("dress", "Ce n'est pas en vain que l'on a cherché une tache."),
        ("guitar", "Les deux rayures s'équivalent."),
    ],
    "leaving_open": [
        ("phone", "Une rayure ? Impossible."),
        ("phone", "Impossible d'y trouver une rayure."),
        ("mug", "Impossible de dire si la tasse est ébréchée."),
        ("mug", "La fissure, en revanche, n'a pu être évaluée."),
        ("mug", "L'évaluation des rayures n'a pas été possible."),
        ("mug", "Tasse impossible à trouver."),
    ],
    "looks": [
        ("mug", "La tasse est bien verte."),
        ("mug", "C'est bien de la porcelaine."),
        ("mug", "Une tasse habillée de cuir."),
        ("mug", "Une tasse fabriquée en France."),
        ("dress", "Robe sans le moindre motif."),
    ],
    "addressing": [
        ("jbox", "Les bijoutiers apprécieront."),
        ("mug", "Vous serez ravi."),
        ("mug", "L'ultime tasse."),
        ("mug", "Une tasse pour vos moments."),
        ("mug", "J'eus cette tasse."),
        ("mug", "La clarté de la céramique."),
        ("mug", "Avant chaque usage, rincez."),
        ("mug", "Après avoir hérité, je vends cette tasse."),
        ("mug", "Décrite avec amour par son créateur."),
    ],
    "acts_of_people": [
        ("phone", "Ce smartphone parle."),
        ("fig", "La figurine répète vos paroles."),
        ("phone", "Il mémorise."),
        ("table", "La table accepte tout."),
    ],
    "manner": [
        ("mug", "Elle est modestement ébréchée."),
    ],
    "telling_marks_apart": [
        ("bag", "Deux marques : l'une est une rayure, l'autre une tache."),
        ("bag", "Ses défauts sont au nombre de trois."),
        ("bag", "Pas d'autre défaut que cette rayure."),
        ("table", "Deux marques : l'une est une rayure, l'autre une bosse."),
    ],
    "materials_of_marks": [
        ("guitar", "Une rayure dans le cuir."),
        ("vase", "La fissure de la céramique est importante."),
        ("mug", "Ébréchure laissée par un verre."),
    ],
    "open_beside_denied": [
        ("bag", "Hormis la rayure, aucun défaut, mais la fermeture éclair n'a pas pu être jugée."),
        ("bag", "Aucune fermeture éclair cassée n'a été identifiée."),
        ("bag", "Je peux garantir l'absence de fermeture éclair cassée."),
        ("bag", "Pas de fermeture, coin usé."),
        ("mug", "L'intégrité de la tasse est parfaite."),
    ],
    "plain_selling": [
        ("mug", "RAS."),
        ("bag", "Classé bon selon l'échelle."),
        ("bag", "6 sur 10 : c'est bien."),
        ("phone", "Téléphone portable débloqué."),
        ("mug", "La note repose sur un expert."),
        ("mug", "Grosse trace de choc sur la photo 2."),
    ],
}


def _flat(table: dict[str, list[tuple[str, str]]]) -> list[tuple[str, str]]:
    return [each for texts in table.values() for each in texts]


@pytest.mark.parametrize(("goods", "text"), _flat(HONEST))
def test_honest_phrasing_holds(goods: str, text: str) -> None:
    found = hold(text, (), Facts(GOODS[goods]), FRENCH)
    assert isinstance(found, Held), found


@pytest.mark.parametrize(("goods", "text"), _flat(FALSE))
def test_phrasing_that_claims_more_is_refused(goods: str, text: str) -> None:
    assert isinstance(hold(text, (), Facts(GOODS[goods]), FRENCH), Violation)


def test_grade_word_ends_a_title() -> None:
    facts = Facts(GOODS["bag"])
    assert isinstance(hold_title("Sac à main noir – correct, 6/10", facts, FRENCH), Held)
    assert isinstance(hold_title("Sac à main noir – bon, 6/10", facts, FRENCH), Violation)


def test_second_open_point_joins_the_first() -> None:
    facts = Facts(
        known("necklace", "gold", score=8, not_absent=frozenset({"bent_part", "tarnish"}), photos=2)
    )
    open_ = "La ternissure reste à vérifier, tout comme les pièces tordues."
    assert isinstance(hold(open_, (), facts, FRENCH), Held)
    assert isinstance(hold(open_.replace("pièces tordues", "rayures"), (), facts, FRENCH), Violation)


@pytest.mark.parametrize("unclear", ["chip", "crack", "dent"])
def test_word_of_several_kinds_denies_each(unclear: str) -> None:
    # "Impact" may be a chip, a crack or a dent.
    judged = Facts(known("mug", score=10))
    assert isinstance(hold("Aucun impact sur cette tasse.", ["kind", "absent"], judged, FRENCH), Held)
    partly = Facts(known("mug", score=10, not_absent=frozenset({unclear})))
    assert isinstance(hold("Aucun impact sur cette tasse.", ["kind", "absent"], partly, FRENCH), Violation)

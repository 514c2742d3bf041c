"""French sentences and titles that follow from the facts, and such as claim more than they hold."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalogue
from services.core.domain.assessment import Assessment
from services.core.domain.grading import grade_of
from services.core.domain.report import UNKNOWN, Condition, Place, Severity, Wear
from services.core.narrative.facts import Facts
from services.core.narrative.grounding import Held, Rule, Violation, hold, hold_title
from services.core.narrative.lexicon import Lexicon, lexicon
from tests.services.core.narrative.goods import assessment_of

REAL = catalogue.load(catalogue.SECOND_HAND)
NO_BREAK, NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"


def mark(tag: str, photo: int, place: Place | None = None, severity: Severity | None = None) -> Wear:
    return Wear(tag=tag, photo=photo, place=place, severity=severity, confidence=0.9, points=2)


def judged(
    kind: str, material: str | None, *marks: Wear, score: int, photos: int = 3, open_: str = "", **looks: str
) -> Assessment:
    """Goods with this score; the wear named in `open_`, separated by spaces, is unclear."""
    seen = assessment_of(REAL, kind, material, marks, **looks)
    condition = seen.condition.model_copy(update={"score": score, "grade": grade_of(score)})
    return replace(seen, condition=condition, absent=seen.absent - set(open_.split()), photos=photos)


CHIPPED = judged(
    "mug",
    "ceramic",
    mark("chip", 2, Place.TOP_LEFT, Severity.MINOR),
    score=8,
    colour="blue",
    pattern="floral",
)
WORN = judged(
    "jacket",
    "denim",
    mark("missing_button", 3, Place.TOP_RIGHT),
    mark("stain", 2, None, Severity.SEVERE),
    score=5,
    photos=4,
    open_="tear yellowing",
    colour="navy",
    pattern="plain",
)
CLEAN = judged("chair", "wood", score=10, photos=2, colour="brown")
SCREEN = replace(
    judged(
        "smartphone", None, mark("cracked_screen", 1, None, Severity.SEVERE), score=5, open_="scratch dirt"
    ),
    condition=Condition(
        status="not_assessed",
        score=None,
        grade=None,
        wear=(mark("cracked_screen", 1, None, Severity.SEVERE),),
    ),
)
NOTHING = replace(
    SCREEN,
    product=SCREEN.product.model_copy(update={"type": UNKNOWN}),
    goods=replace(SCREEN.goods, kind=None),
    condition=Condition(status="not_assessed", score=None, grade=None, wear=()),
    absent=frozenset(),
)


@cache
def french() -> Lexicon:
    return lexicon(REAL, "fr")


def found(text: str, seen: Assessment) -> Held | Violation:
    """What is held of a sentence that cites all facts."""
    facts = Facts(seen)
    return hold(text, facts.ids, facts, french())


TRUE = {
    "kind": (
        CHIPPED,
        [
            "Tasse bleue à fleurs en céramique, d'occasion.",
            "Cette tasse de seconde main est ornée d'un motif floral.",
            "Il s'agit d'une tasse bleue, dont la matière est la céramique.",
            "Je vous propose cette tasse usagée, en l'état.",
            "TASSE BLEUE EN CÉRAMIQUE",
        ],
    ),
    "wear": (
        CHIPPED,
        [
            "Une légère ébréchure se trouve en haut à gauche de la photo 2.",
            "Elle est légèrement ébréchée, comme le montre la deuxième photo.",
            "L'ébréchure, mineure, est bien visible dans le coin supérieur gauche de la photo n° 2.",
            "On y remarque une petite ébréchure.",
            "À noter : une ébréchure superficielle (photo 2).",
            "La tasse porte une ébréchure.",
            "La photo 2 laisse voir une légère ébréchure.",
        ],
    ),
    "negation": (
        CHIPPED,
        [
            "Elle ne présente ni fissure, ni tache, ni rayure.",
            "Aucune fissure ni aucune tache n'a été relevée.",
            "La céramique n'est pas fissurée.",
            "Sans rayure ni fissure visible.",
            "Exempte de rayures, la tasse n'est pas non plus tachée.",
            "Pas de fissure, pas de rayure : seule une ébréchure est visible.",
            "Les photos ne laissent apparaître aucune trace de brûlure.",
            "Je n'ai pas vu la moindre tache sur cette tasse.",
        ],
    ),
    "exception": (
        CHIPPED,
        [
            "Hormis l'ébréchure, aucun autre défaut n'a été constaté.",
            "À part cette ébréchure, rien d'autre n'a été relevé.",
            "L'ébréchure mise à part, la tasse n'a pas d'autre marque.",
            "En dehors de l'ébréchure, aucune autre trace d'usure n'est visible.",
            "Elle n'a qu'une ébréchure.",
            "Le seul défaut est une légère ébréchure.",
            "L'unique marque relevée est une ébréchure.",
            "À l'exception d'une ébréchure, elle ne porte aucune marque.",
        ],
    ),
    "grade": (
        CHIPPED,
        [
            "Bon état.",
            "L'état général est bon, avec une note de 8 sur 10.",
            "Elle a obtenu huit sur dix.",
            "Son état a été jugé d'après les photos.",
            "Elle totalise 8 points sur 10.",
            "Notée 8/10, elle est en bon état.",
        ],
    ),
    "parts": (
        WORN,
        [
            "Il manque un bouton en haut à droite de la photo 3.",
            "Un bouton manque sur la photo 3 ; une tache importante se voit sur la photo 2.",
            "Le bouton manquant se voit sur la photo 3.",
            "La fermeture éclair n'est pas cassée et aucune couture n'est ouverte.",
            "Pas de fil qui dépasse ni de trou.",
            "Ce vêtement est taché.",
        ],
    ),
    "not judged": (
        WORN,
        [
            "Les déchirures n'ont pas pu être évaluées.",
            "On ne sait pas si la veste est déchirée.",
            "Ni les déchirures ni le jaunissement n'ont pu être jugés.",
            "Les photos ne permettent pas de dire si le denim est jauni.",
            "Impossible de savoir si elle est déchirée.",
            "Rien ne permet de juger du jaunissement.",
        ],
    ),
    "clean": (
        CLEAN,
        [
            "Sans autre dommage apparent.",
            "Aucun défaut visible, excellent état.",
            "Rien à signaler sur les deux photos.",
            "Je n'ai relevé aucune trace d'usure.",
            "Ce meuble n'est ni rayé ni gauchi, et il ne lui manque aucune pièce.",
        ],
    ),
    "no grade": (
        SCREEN,
        [
            "L'état n'a pas été évalué.",
            "Aucune note n'a été attribuée.",
            "L'écran est fissuré sur la photo 1.",
            "La matière n'a pas pu être déterminée.",
            "Je ne peux pas dire s'il y a des rayures.",
        ],
    ),
    "unknown": (
        NOTHING,
        [
            "Les photos ne montrent pas clairement ce que c'est.",
            "Le type d'article n'a pas pu être identifié.",
            "Article d'occasion, vendu tel quel.",
        ],
    ),
    "nothing": (
        CHIPPED,
        [
            "N'hésitez pas à me contacter pour toute question.",
            "Prenez le temps de regarder les trois photos avant de vous décider.",
            "D'autres photos peuvent être envoyées sur demande.",
            "Belle journée à vous !",
            "Offrez-lui une seconde vie.",
            "Envie d'en savoir plus ? Écrivez-moi.",
        ],
    ),
}
FALSE = {
    Rule.KIND: (CHIPPED, ["Ce bol est bleu.", "Cette tasse à thé est bleue."]),
    Rule.MATERIAL: (CHIPPED, ["Tasse en porcelaine.", "Tasse en grès bleu."]),
    Rule.COLOUR: (CHIPPED, ["Une tasse rouge.", "Tasse bleu marine."]),
    Rule.PATTERN: (CHIPPED, ["Tasse bleue à pois.", "Tasse unie."]),
    Rule.WEAR: (
        CHIPPED,
        [
            "Elle est fêlée.",
            "Elle n'est pas ébréchée.",
            "Sans ébréchure ni fissure.",
            "Aucun défaut.",
            "Rien à signaler.",
        ],
    ),
    Rule.COUNT: (
        CHIPPED,
        ["Deux ébréchures sont visibles.", "Elle a quelques ébréchures.", "Des défauts sont visibles."],
    ),
    Rule.SEVERITY: (
        CHIPPED,
        ["Une ébréchure importante.", "Elle est très ébréchée.", "L'ébréchure est à peine visible."],
    ),
    Rule.PLACE: (
        CHIPPED,
        ["L'ébréchure est en haut à droite de la photo 2.", "L'ébréchure est sur le bord."],
    ),
    Rule.PHOTO: (
        CHIPPED,
        ["L'ébréchure se voit sur la photo 3.", "Les deux photos la montrent.", "Voyez la photo 4."],
    ),
    Rule.GRADE: (CHIPPED, ["Elle est en excellent état.", "Elle est notée 9 sur 10.", "La note maximale."]),
    Rule.ONLY: (
        WORN,
        ["Le seul défaut est une tache.", "Hormis la tache, aucun autre défaut.", "Elle n'a qu'une tache."],
    ),
    Rule.NAME: (CHIPPED, ["Cette tasse Wedgwood est bleue.", "Une Villeroy bleue."]),
    Rule.AUTHENTICITY: (CHIPPED, ["Une tasse authentique.", "Tasse d'origine."]),
    Rule.AGE: (CHIPPED, ["Tasse ancienne.", "Une tasse comme neuve.", "Tasse vintage."]),
    Rule.PRICE: (CHIPPED, ["Une bonne affaire.", "Son prix est de dix euros.", "Elle a de la valeur."]),
    Rule.SIZE: (CHIPPED, ["Une grande tasse.", "Une petite tasse bleue avec une ébréchure."]),
    Rule.FITNESS: (
        CHIPPED,
        [
            "Elle est idéale pour un usage quotidien.",
            "Prête à servir.",
            "Elle est en état de marche.",
            "Pour l'été.",
        ],
    ),
    Rule.HISTORY: (CHIPPED, ["Elle n'a jamais servi.", "Portée une fois.", "Elle m'a été donnée."]),
    Rule.COMPLETENESS: (CHIPPED, ["Tout y est.", "Vendue dans sa boîte.", "Elle est complète."]),
    Rule.JUDGE: (
        CHIPPED,
        [
            "Noté et documenté par la place de marché.",
            "Jugée par nos experts.",
            "Nous avons jugé son état bon.",
            "Elle a été vérifiée.",
            "L'état a été jugé par le vendeur.",
        ],
    ),
    Rule.QUALITY: (CHIPPED, ["Elle est intacte.", "Très bon état.", "Une belle tasse.", "État impeccable."]),
    Rule.OFFER: (CHIPPED, ["Livraison offerte.", "Elle est garantie."]),
    Rule.UNFAMILIAR: (
        CHIPPED,
        ["Il fait ce qu'on attend de lui.", "Elle irait dans un musée.", "Elle ne décevra pas."],
    ),
}


@pytest.mark.parametrize(("seen", "text"), [(seen, text) for seen, texts in TRUE.values() for text in texts])
def test_true_sentence_holds(seen: Assessment, text: str) -> None:
    assert isinstance(found(text, seen), Held), found(text, seen)


@pytest.mark.parametrize(("seen", "text"), [(seen, text) for seen, texts in FALSE.values() for text in texts])
def test_false_sentence_does_not_hold(seen: Assessment, text: str) -> None:
    assert isinstance(found(text, seen), Violation)


@pytest.mark.parametrize(
    ("rule", "seen", "text"), [(rule, seen, texts[0]) for rule, (seen, texts) in FALSE.items()]
)
def test_violation_names_its_rule(rule: Rule, seen: Assessment, text: str) -> None:
    broken = found(text, seen)
    assert isinstance(broken, Violation) and broken.rule is rule


@pytest.mark.parametrize(
    "text",
    [
        "Aucune note n'est donnée.",
        "L'état n'a pas été évalué.",
        "La veste n'a pas été notée.",
        "Il n'a pas été possible d'identifier cet objet.",
        "Ni la matière ni la couleur n'ont pu être établies.",
        "La couleur n'a pas pu être déterminée.",
        "Elle n'est ni trouée ni déchirée.",
        "On ne sait pas si elle est trouée.",
    ],
)
def test_known_fact_is_not_said_to_be_unknown(text: str) -> None:
    assert isinstance(found(text, WORN), Violation)


@pytest.mark.parametrize(
    "text",
    [
        "L’ébréchure est visible sur la photo 2.",
        f"L’état{NO_BREAK}: bon{NO_BREAK}; la tasse n’est pas fissurée{NARROW}!",
        f"« Tasse bleue »{NO_BREAK}: d’occasion.",
        f"À noter{NO_BREAK}: «{NO_BREAK}une légère ébréchure{NO_BREAK}».",
        "Il n’y a ni fissure ni tache.",
        "L'e\N{COMBINING ACUTE ACCENT}bre\N{COMBINING ACUTE ACCENT}chure est légère.",
    ],
)
def test_french_typography_is_read(text: str) -> None:
    assert isinstance(found(text, CHIPPED), Held), found(text, CHIPPED)


@pytest.mark.parametrize(
    "text",
    [
        "Elle a tout ce qu'il faut.",
        "Elle a tout pour elle.",
        "Toutes les couleurs sont là.",
        "Elle est vendue avec une autre tasse.",
        "La tasse est légère ; une ébréchure est visible.",
        "Elle est visible sur les trois photos.",
        "Elle fait ce qu'on lui demande.",
        "Elle se porte bien.",
        "Elle en a vu d'autres.",
        "Il en reste une.",
        "C'est ce qu'il vous faut.",
        "On n'en trouve pas d'autre.",
        "Elle est telle qu'au premier jour.",
        "Elle a sa place dans un musée.",
        "Elle est de marque.",
        "Une tasse recherchée.",
        "Elle était à moi.",
        "Il n'y a rien à redire.",
    ],
)
def test_ordinary_words_do_not_add_up_to_a_claim(text: str) -> None:
    assert isinstance(found(text, CHIPPED), Violation)


# Ways to speak that one family of words opens, each with sentences that it must not carry.
FAMILIES = {
    "answer": (
        [
            (WORN, "Est-elle jaunie ? Les photos ne permettent pas de trancher."),
            (WORN, "Est-elle déchirée ? Est-elle jaunie ? Impossible de répondre."),
            (CHIPPED, "Fissurée ? Non. Rayée ? Non plus."),
            (CHIPPED, "Est-elle ébréchée ? Oui, en haut à gauche de la photo 2."),
        ],
        [
            (CHIPPED, "Est-elle rayée ? Oui."),
            (CHIPPED, "Est-elle ébréchée ? Pas du tout."),
            (CHIPPED, "Est-elle rayée ? Je ne saurais le dire."),
            (WORN, "La matière ? Inconnue."),
        ],
    ),
    "left open": (
        [
            (WORN, "Je ne sais pas s'il y a des déchirures, les images ne sont pas assez claires."),
            (WORN, "Je préfère ne pas me prononcer sur le jaunissement."),
            (WORN, "Il se peut qu'elle soit jaunie."),
            (NOTHING, "Et la matière ? Inconnue."),
        ],
        [
            (CHIPPED, "Je ne sais pas s'il y a une fissure."),
            (WORN, "Je ne saurais dire s'il manque un bouton."),
            (WORN, "Il se peut qu'elle soit trouée."),
        ],
    ),
    "forms of wear": (
        [
            (WORN, "Ses couleurs ne sont pas passées et aucun fil ne pend."),
            (WORN, "Un bouton a disparu, voyez la troisième photo."),
            (CLEAN, "Aucune pièce ne manque ou n'est rayée."),
            (CLEAN, "Rien n'indique qu'une pièce manque ou soit gauchie."),
            (CLEAN, "Les rayures et les taches sont absentes."),
            (CLEAN, "Zéro rayure, zéro tache."),
        ],
        [
            (WORN, "Sa couleur a passé."),
            (WORN, "Une couture se défait."),
            (CLEAN, "Si elle a jauni, la chaise n'est toutefois pas rayée."),
            (WORN, "Les trous et les taches sont absents."),
            (WORN, "Zéro tache."),
            (CLEAN, "Une pièce est absente."),
            (CLEAN, "Il ne manque qu'une pièce."),
            (CHIPPED, "Elle a gardé son éclat."),
        ],
    ),
    "photos": (
        [
            (replace(CHIPPED, photos=2), "L'ébréchure se voit sur la dernière photo."),
            (CHIPPED, "Il n'y a que trois photos."),
            (WORN, "La photo 2 montre une tache, et la photo 3, un bouton manquant."),
            (WORN, "Le bouton manque sur la troisième photo et la tache se voit sur la deuxième."),
        ],
        [
            (CHIPPED, "L'ébréchure se voit sur la dernière photo."),
            (CHIPPED, "Il n'y a que deux photos."),
            (CHIPPED, "Seules deux photos montrent l'ébréchure."),
            (WORN, "La photo 3 montre une tache, et la photo 2, un bouton manquant."),
            (WORN, "Une tache est sur la photo 2 et un bouton manque sur la première."),
        ],
    ),
    "scores": (
        [
            (CHIPPED, "Note : 8."),
            (CHIPPED, "Ce qui lui vaut une note de huit, pas davantage."),
            (CHIPPED, "Son état est dit bon."),
        ],
        [
            (CHIPPED, "Note : 9."),
            (CHIPPED, "Son état est réputé excellent."),
            (CHIPPED, "Notée 8 sur 10, elle vaut mieux."),
        ],
    ),
    "nothing more": (
        [
            (CHIPPED, "Une ébréchure, c'est tout."),
            (WORN, "Deux choses à signaler : une tache et un bouton manquant."),
        ],
        [
            (WORN, "Une tache, c'est tout."),
            (WORN, "Une tache, pas davantage."),
            (WORN, "Trois choses à signaler."),
            (WORN, "Moins de deux défauts."),
        ],
    ),
    "ordinary": (
        [
            (CHIPPED, "Cela dit, mieux vaut le savoir : elle est ébréchée."),
            (CHIPPED, "À titre indicatif, la photo 2 montre l'ébréchure."),
            (CHIPPED, "Je préfère vous prévenir : une ébréchure se remarque."),
            (CHIPPED, "N'oubliez pas de faire défiler les trois photos."),
            (WORN, "Le tissu est taché."),
        ],
        [
            (CHIPPED, "Elle est faite pour durer."),
            (CHIPPED, "Je la crois ancienne."),
            (CHIPPED, "Disons qu'elle est presque neuve."),
            (CHIPPED, "Elle suffit à deux personnes."),
            (CHIPPED, "Quantité de rayures."),
            (CHIPPED, "Elle porte un motif."),
            (WORN, "Veste en tissu épais."),
        ],
    ),
}


@pytest.mark.parametrize(
    ("seen", "text"), [(seen, text) for honest, _ in FAMILIES.values() for seen, text in honest]
)
def test_family_carries_what_is_true(seen: Assessment, text: str) -> None:
    assert isinstance(found(text, seen), Held), found(text, seen)


@pytest.mark.parametrize(
    ("seen", "text"), [(seen, text) for _, false in FAMILIES.values() for seen, text in false]
)
def test_family_carries_nothing_false(seen: Assessment, text: str) -> None:
    assert isinstance(found(text, seen), Violation)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Tasse bleue à fleurs en céramique, bon état", True),
        ("Tasse d'occasion, légère ébréchure", True),
        ("Belle tasse bleue", False),
        ("Tasse bleue, très bon état", False),
        ("Tasses bleues", False),
        ("Tasse Bleue Wedgwood", False),
        ("Tasse bleue " * 12, False),
    ],
)
def test_titles_are_read(text: str, holds: bool) -> None:
    assert isinstance(hold_title(text, Facts(CHIPPED), french()), Held) is holds


def test_ordinary_words_are_no_names() -> None:
    assert french().ordinary_names == frozenset()


PLACES = {
    Place.TOP_LEFT: "en haut à gauche",
    Place.TOP_RIGHT: "en haut à droite",
    Place.BOTTOM_LEFT: "en bas à gauche",
    Place.BOTTOM_RIGHT: "en bas à droite",
}
SEVERITIES = {Severity.MINOR: "mineure", Severity.MODERATE: "modérée", Severity.SEVERE: "sévère"}
DEPARTMENTS = sorted(REAL.departments)


@st.composite
def marked(draw: st.DrawFn) -> tuple[Assessment, Wear, str]:
    """Goods with one mark, and the name of wear that they lack."""
    department = REAL.departments[draw(st.sampled_from(DEPARTMENTS))]
    kind = draw(st.sampled_from(department.kinds))
    wear, other = draw(st.permutations(department.wear))[:2]
    where, severe = draw(st.sampled_from(list(PLACES))), draw(st.sampled_from(list(SEVERITIES)))
    one = mark(wear.id, draw(st.integers(1, 4)), where, severe)
    return judged(kind.id, None, one, score=8, photos=4), one, other.noun.fr


def sentence(seen: Assessment, one: Wear, **changed: str) -> str:
    """What is true of the mark, but for what is changed."""
    noun = next(wear.noun.fr for wear in seen.goods.asked if wear.id == one.tag)
    words = {
        "noun": noun,
        "photo": str(one.photo),
        "place": PLACES[one.place] if one.place else "",
        "severity": SEVERITIES[one.severity] if one.severity else "",
        "kind": seen.goods.kind.noun.fr if seen.goods.kind else "",
    } | changed
    return "Article d'occasion ({kind}) : {noun} de gravité {severity}, {place} de la photo {photo}.".format(
        **words
    )


@given(marked())
@settings(max_examples=40)  # six sentences each
def test_true_mark_holds_and_altered_one_does_not(drawn: tuple[Assessment, Wear, str]) -> None:
    seen, one, other = drawn
    held = found(sentence(seen, one), seen)
    assert isinstance(held, Held) and "mark1" in held.facts
    altered = [
        {"noun": other},
        {"photo": str((one.photo or 0) % 4 + 1)},
        {"photo": "5"},
        {"place": next(text for place, text in PLACES.items() if place != one.place)},
        {"severity": next(text for severity, text in SEVERITIES.items() if severity != one.severity)},
    ]
    for change in altered:
        assert isinstance(found(sentence(seen, one, **change), seen), Violation), change


@given(marked(), st.sampled_from(["aucune marque", "aucun défaut", "sans trace d'usure", "rien"]))
def test_denial_of_all_fails_beside_a_mark(drawn: tuple[Assessment, Wear, str], denial: str) -> None:
    assert isinstance(found(f"Sur les photos, {denial} n'est visible.", drawn[0]), Violation)

"""Expectations are written by hand, as a dictionary has them."""

import pytest

from services.core.narrative.plurals import english_plural, french_plural


@pytest.mark.parametrize(
    ("name", "plural"),
    [
        ("scratch", "scratches"), ("brush", "brushes"), ("box", "boxes"), ("glass", "glasses"),
        ("body", "bodies"), ("toy", "toys"), ("trolley", "trolleys"), ("open seam", "open seams"),
        ("tuxedo", "tuxedos"), ("piano", "pianos"), ("table knife", "table knives"),
        ("infinity scarf", "infinity scarves"), ("headscarf", "headscarves"), ("bookshelf", "bookshelves"),
        ("computer mouse", "computer mice"), ("ottoman", "ottomans"), ("mini PC", "mini PCs"),
        ("DVD", "DVDs"), ("yo-yo", "yo-yos"), ("all-in-one computer", "all-in-one computers"),
        ("ball of yarn", "balls of yarn"), ("piece of doll furniture", "pieces of doll furniture"),
        ("mortar and pestle", "mortars and pestles"), ("salt and pepper set", "salt and pepper sets"),
        ("loaf pan", "loaf pans"),
    ],
)  # fmt: skip
def test_english_plural_of_names(name: str, plural: str) -> None:
    assert english_plural(name) == plural


@pytest.mark.parametrize(
    ("name", "plural"),
    [
        ("sac à main", "sacs à main"), ("pièce tordue", "pièces tordues"), ("dos cassé", "dos cassés"),
        ("corde manquante ou cassée", "cordes manquantes ou cassées"),
        ("fil qui dépasse", "fils qui dépassent"), ("voile sur l'objectif", "voiles sur l'objectif"),
        ("dégât d'eau", "dégâts d'eau"), ("auréole laissée par un verre", "auréoles laissées par un verre"),
        ("couteau", "couteaux"), ("journal", "journaux"), ("miroir mural", "miroirs muraux"),
        ("vitrail", "vitraux"), ("éventail", "éventails"), ("pneu", "pneus"), ("landau", "landaus"),
        ("tuyau d'arrosage", "tuyaux d'arrosage"), ("jeu vidéo", "jeux vidéo"), ("chouchou", "chouchous"),
        ("bijou", "bijoux"), ("œuf décoratif", "œufs décoratifs"), ("clé USB", "clés USB"),
        ("disque 45 tours", "disques 45 tours"), ("imprimante 3D", "imprimantes 3D"), ("DVD", "DVD"),
        ("chaise Adirondack", "chaises Adirondack"),
        ("appareil photo numérique", "appareils photo numériques"), ("lit parapluie", "lits parapluie"),
        ("carte mère", "cartes mères"), ("robot jouet", "robots jouets"),
        ("sapin de Noël artificiel", "sapins de Noël artificiels"),
        ("nettoyeur haute pression", "nettoyeurs haute pression"),
        ("brosse à dents électrique", "brosses à dents électriques"),
        ("casque de football américain", "casques de football américain"),
        ("chaussure à petit talon", "chaussures à petits talons"), ("boucle d'oreille", "boucles d'oreilles"),
        ("porte-clés", "porte-clés"), ("tire-bouchon", "tire-bouchons"), ("abat-jour", "abat-jour"),
        ("lave-vaisselle", "lave-vaisselle"), ("coffre-fort", "coffres-forts"),
        ("cerf-volant", "cerfs-volants"), ("haut-parleur", "haut-parleurs"),
        ("haut-de-forme", "hauts-de-forme"), ("pied-de-biche", "pieds-de-biche"),
        ("timbre-poste", "timbres-poste"), ("longue-vue", "longues-vues"), ("t-shirt", "t-shirts"),
        ("soutien-gorge", "soutiens-gorge"), ("ordinateur tout-en-un", "ordinateurs tout-en-un"),
        ("beau livre", "beaux livres"), ("ensemble deux pièces", "ensembles deux pièces"),
        ("chaise haute", "chaises hautes"), ("richelieu", "richelieus"), ("selle de vélo", "selles de vélo"),
        ("sac selle", "sacs selle"), ("feu arrière", "feux arrière"),
    ],
)  # fmt: skip
def test_french_plural_of_names(name: str, plural: str) -> None:
    assert french_plural(name) == plural

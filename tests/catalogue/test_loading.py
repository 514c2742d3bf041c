"""The loader: wrong data is refused with file, line, field and remedy; its version follows the content."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue import SECOND_HAND, CatalogueError, load

FILES = {
    "taxonomy.csv": "number,path\n187,Apparel & Accessories > Shoes\n717,Home & Garden > Hammocks\n",
    "departments.toml": (
        '[shoes]\nname_en = "shoes"\nname_fr = "chaussures"\n'
        'materials = ["leather"]\nwear = ["scuff", "rust"]\n'
        '[garden]\nname_en = "garden"\nname_fr = "jardin"\nmaterials = ["leather"]\nwear = ["rust"]\n'
    ),
    "departments/shoes.csv": (
        "id,answer,aliases,trade_names,broader,name_en,name_fr,gender_fr,plural,aspirated_h,pair_en,pair_fr,google\n"
        "shoe,shoe,shoes,,,shoe,chaussure,f,,,shoes,chaussures,187\n"
        "clog,clog,clogs|wooden clog,crocs,shoe,clog,sabot,m,,,clogs,sabots,187\n"
    ),
    "departments/garden.csv": (
        "id,answer,aliases,trade_names,broader,name_en,name_fr,gender_fr,plural,aspirated_h,pair_en,pair_fr,google\n"
        "hammock,hammock,rope hammock,,,hammock,hamac,m,,yes,,,717\n"
    ),
    "words/materials.csv": "id,answer,aliases,name_en,name_fr,gender_fr\nleather,leather,,leather,cuir,m\n",
    "words/colours.csv": (
        "id,answer,aliases,name_en,fr_m,fr_f,fr_m_plural,fr_f_plural\ngreen,green,,green,vert,verte,verts,vertes\n"
    ),
    "words/patterns.csv": (
        "id,answer,aliases,name_en,fr_m,fr_f,fr_m_plural,fr_f_plural\nplain,plain,,plain,uni,unie,unis,unies\n"
    ),
    "words/questions.toml": (
        'type = "what is this?"\nmaterial = "what is it made of?"\n'
        'colour = "what color is it?"\npattern = "what pattern does it have?"\n'
    ),
    "words/wear.csv": (
        "id,question,name_en,name_fr,gender_fr,plural,uncountable\n"
        "scuff,is there a scuff on it?,scuff,éraflure,f,,\nrust,is there rust on it?,rust,rouille,f,,en|fr\n"
    ),
}


def write(folder: Path, files: dict[str, str] | None = None) -> Path:
    for name, text in (files or FILES).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return folder


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[str, str, str], str]:
    def change(file: str, old: str, new: str) -> str:
        assert old in FILES[file]
        write(tmp_path, {**FILES, file: FILES[file].replace(old, new, 1)})
        with pytest.raises(CatalogueError) as caught:
            load(tmp_path)
        return str(caught.value)

    return change


def test_catalogue_reads_as_written(tmp_path: Path) -> None:
    catalogue = load(write(tmp_path))
    clog, hammock = catalogue.kinds["clog"], catalogue.kinds["hammock"]
    assert clog.names == ("clog", "clogs", "wooden clog", "crocs")
    assert (clog.broader, clog.department, clog.category.number) == ("shoe", "shoes", 187)
    assert clog.pair is not None and clog.pair.fr == "sabots"
    assert hammock.noun.aspirated_h and hammock.pair is None
    assert [wear.noun.uncountable for wear in catalogue.departments["shoes"].wear] == [set(), {"en", "fr"}]
    assert catalogue.colours[0].fr_f_plural == "vertes"


SHOES, GARDEN = "departments/shoes.csv", "departments/garden.csv"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (SHOES, "shoe,shoe,shoes", "Shoe,shoe,shoes", f"{SHOES}:2: id = 'Shoe': allowed are lower case"),
        (SHOES, "shoe,shoe,shoes", "shoe,Shoes & Boots,shoes", f"{SHOES}:2: answer = 'Shoes & Boots'"),
        (SHOES, "clogs|", "clogs||", f"{SHOES}:3: aliases = 'clogs||wooden clog': '' is no answer"),
        (
            SHOES,
            "clogs|wooden clog",
            "clogs|clogs",
            f"{SHOES}:3: aliases = 'clogs|clogs': write each only once",
        ),
        (SHOES, "clogs|", "shoe|", f"{SHOES}:3: answer: 'shoe' is also at {SHOES}:2"),
        (SHOES, "crocs", "sho-es", f"{SHOES}:3: answer: 'shoes' is also at {SHOES}:2"),
        (SHOES, "clog,clog,", "shoe,clog,", f"{SHOES}:3: id: 'shoe' is also at {SHOES}:2"),
        (SHOES, "clog,sabot", "clog,chaussure", f"{SHOES}:3: name_fr: 'chaussure' is also at {SHOES}:2"),
        (GARDEN, "hammock,hamac", "clog,hamac", f"{GARDEN}:2: name_en: 'clog' is also at {SHOES}:3"),
        (SHOES, "crocs,shoe,", "crocs,shoo,", f"{SHOES}:3: broader = 'shoo': is unknown: did you mean shoe?"),
        (SHOES, "crocs,shoe,", "crocs,clog,", f"{SHOES}:3: broader = 'clog'"),
        (SHOES, "chaussure,f", "chaussure,F", f"{SHOES}:2: gender_fr = 'F': allowed: m, f"),
        (SHOES, "sabot,m,,", "sabot,m,de,", f"{SHOES}:3: plural = 'de': allowed: nothing, en, fr, en|fr"),
        (SHOES, "sabot,m,,,", "sabot,m,,yes,", f"{SHOES}:3: aspirated_h = 'yes': leave it empty"),
        (SHOES, "clogs,sabots", "clogs,", f"{SHOES}:3: pair_fr = '': write both"),
        (SHOES, "sabots,187", "sabots,188", f"{SHOES}:3: google = '188': add this number"),
        (SHOES, "sabots,187", "sabots", f"{SHOES}:3: it has 12 fields: write the 13"),
        (SHOES, "clog,sabot", "clog, sabot", f"{SHOES}:3: name_fr: remove the spaces"),
        (SHOES, "chaussure,f", "chaussures (cuir),f", f"{SHOES}:2: name_fr = 'chaussures (cuir)'"),
        (SHOES, "chaussure,f", "e\u0301cole,f", f"{SHOES}:2: name_fr"),
        (SHOES, "id,answer", "id,answers", f"{SHOES}:1: the first line must be id,answer"),
        (SHOES, "clog,sabot", 'clog,"sabot', f"{SHOES}:"),
        (GARDEN, FILES[GARDEN].splitlines()[1], "", f"{GARDEN}: has no line"),
        (
            "words/wear.csv",
            "is there a scuff on it?",
            "scuff",
            "words/wear.csv:2: question = 'scuff': write a question",
        ),
        ("words/colours.csv", ",verte,", ",,", "words/colours.csv:2: fr_f = '': is missing"),
        ("taxonomy.csv", "717,Home", "71x,Home", "taxonomy.csv:3: number = '71x'"),
        ("taxonomy.csv", "717,", "718,", "taxonomy.csv: no kind has the numbers 718: remove"),
        (
            "departments.toml",
            '"scuff"',
            '"scuf"',
            "departments.toml: shoes.wear: 'scuf' is unknown: did you mean scuff?",
        ),
        ("departments.toml", '"scuff", "rust"', '"rust", "rust"', "shoes.wear: write each id only once"),
        ("departments.toml", '["leather"]', '"leather"', "shoes.materials: write a list"),
        ("departments.toml", "name_fr", "nom", "departments.toml: shoes: write a section of name_en"),
        ("departments.toml", "[garden]", "[gardens]", "departments/gardens.csv: is missing: add it"),
        ("departments.toml", "[garden]", "[gardens]", "departments/garden.csv: add a section [garden]"),
        ("departments.toml", "[shoes]", "[shoes", "departments.toml: "),
    ],
)
def test_wrong_line_names_the_remedy(
    refused: Callable[[str, str, str], str], file: str, old: str, new: str, said: str
) -> None:
    assert said in refused(file, old, new)


def test_all_problems_are_listed(tmp_path: Path) -> None:
    text = FILES[SHOES].replace("chaussure,f", "chaussure,x").replace("sabot,m", "sabot,y")
    write(tmp_path, {**FILES, SHOES: text})
    with pytest.raises(CatalogueError) as caught:
        load(tmp_path)
    assert [line.split(" ")[0] for line in str(caught.value).splitlines()] == [f"{SHOES}:2:", f"{SHOES}:3:"]


def test_missing_taxonomy_is_told_briefly(tmp_path: Path) -> None:
    shutil.copytree(
        SECOND_HAND, tmp_path / "catalogue", ignore=shutil.ignore_patterns("taxonomy.csv", "*.py")
    )
    with pytest.raises(CatalogueError) as caught:
        load(tmp_path / "catalogue")
    lines = str(caught.value).splitlines()
    assert lines[0] == "taxonomy.csv: is missing: add it"
    assert len(lines) < 50
    assert "problems more" in lines[-1]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), junk=st.text(max_size=6))
def test_broken_files_raise_catalogue_error_only(tmp_path: Path, seed: int, junk: str) -> None:
    chance = random.Random(seed)  # noqa: S311
    file = chance.choice(sorted(FILES))
    text = FILES[file]
    start = chance.randrange(len(text))
    broken = text[:start] + junk + text[start + chance.randrange(12) :]
    write(tmp_path, {**FILES, file: broken})
    try:
        load(tmp_path)
    except CatalogueError as error:
        assert all(".csv" in line or ".toml" in line for line in str(error).split("\n"))


def test_version_follows_the_content(tmp_path: Path) -> None:
    version = load(write(tmp_path)).version
    windows = {name: text.replace("\n", "\r\n") for name, text in FILES.items()}
    assert load(write(tmp_path, windows)).version == version
    assert load(write(tmp_path, {**FILES, SHOES: "\ufeff" + FILES[SHOES]})).version == version
    assert (
        load(write(tmp_path, {**FILES, SHOES: FILES[SHOES].replace("wooden", "garden")})).version != version
    )


def test_selection_keeps_version_and_order(tmp_path: Path) -> None:
    whole = load(write(tmp_path))
    chosen = whole.select(["garden", "garden"])
    assert (list(chosen.departments), list(chosen.kinds)) == (["garden"], ["hammock"])
    assert chosen.version == whole.version
    assert list(whole.select(["garden", "shoes"]).departments) == ["shoes", "garden"]


@pytest.mark.parametrize(
    ("names", "said"), [(["sheos"], "did you mean shoes?"), ([], "name at least one of shoes, garden")]
)
def test_unknown_department_is_refused(tmp_path: Path, names: list[str], said: str) -> None:
    with pytest.raises(CatalogueError, match="departments: ") as caught:
        load(write(tmp_path)).select(names)
    assert said in str(caught.value)

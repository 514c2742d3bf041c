"""`catalogue.json`: a catalogue in the tokens of one model, as its archive carries it.

It needs the model's config and tokenizer and not its weights. The same input gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import catalogue
from catalogue import GOODS, Catalogue, CatalogueError

from .errors import PackagingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogue import Adjective, Material

NAME = "catalogue.json"
CODE = Path(__file__).resolve().parents[1] / "code"
USUAL = "second_hand"
# What transformers assumes where a config is silent.
_USUAL_ENDS = {"t5": 1, "opt": 2}


def compiled(model: Path, goods: Catalogue) -> bytes:
    """The file for the model in a folder.

    Raises PackagingError for a name that the tokenizer cannot write or two kinds have, and for a model
    without a tokenizer.
    """
    if str(CODE) not in sys.path:
        sys.path.insert(0, str(CODE))
    from answer_tokens import LEADING, UnscorableCandidateError, tokens_of, tree_of
    from name_tree import AmbiguousNameError

    tokenizer = _tokenizer(model)
    family, end = _language(model)
    leading = LEADING[family]
    lists = {
        "materials": _names(one for department in goods.departments.values() for one in department.materials),
        "colours": _names(goods.asked_colours),
        "patterns": _names(goods.patterns),
    }
    try:
        tree = tree_of(tokenizer, {kind.id: kind.names for kind in goods.kinds.values()}, leading, end)
        for names in lists.values():
            if words := [name for of_id in names.values() for name in of_id]:
                tokens_of(tokenizer, words, leading, end)
    except (UnscorableCandidateError, AmbiguousNameError) as error:
        raise PackagingError(
            f"{model}: its tokenizer does not fit the catalogue {goods.version}: {error}; "
            "choose the catalogue by --catalogue"
        ) from error
    departments = {
        one.id: {
            "kinds": [kind.id for kind in one.kinds],
            "materials": [material.id for material in one.materials],
            "wear": [wear.id for wear in one.wear],
        }
        for one in goods.departments.values()
    }
    wear = {wear.id: wear.question for one in goods.departments.values() for wear in one.wear}
    document = {
        "version": goods.version,
        "questions": asdict(goods.questions),
        "tree": tree.document(),
        "departments": departments,
        **lists,
        "wear": wear,
    }
    return f"{json.dumps(document, separators=(',', ':'))}\n".encode()


def write(model: Path, name: str) -> str:
    """Write the file of the catalogue `name` into the model's folder; returns the catalogue's version.

    Raises PackagingError.
    """
    goods = load(name)
    (model / NAME).write_bytes(compiled(model, goods))
    return goods.version


def completed(model: Path, name: str | None, work: Path) -> Path:
    """A folder that can be served: the model's own if it has a file of the catalogue `name`, else one in
    `work`.

    That one has the model's name, links to its files, and the catalogue. None is the catalogue of the model's
    own file, or second_hand. Raises PackagingError.
    """
    if name is None:
        name = name_of(model) or USUAL
    if stated_version(model) == load(name).version:
        return model
    # A model without a manifest is named after its folder.
    folder = work / model.resolve().name
    folder.mkdir()
    for file in model.iterdir():
        if file.name != NAME:
            (folder / file.name).symlink_to(file.resolve())
    (folder / NAME).write_bytes(compiled(model, load(name)))
    return folder


def load(name: str) -> Catalogue:
    """The catalogue that `name` stands for: a committed one, or a folder. Raises PackagingError."""
    folder = GOODS.get(name) or Path(name).expanduser()
    if not folder.is_dir():
        raise PackagingError(f"--catalogue {name}: must be {', '.join(GOODS)} or a catalogue's folder")
    try:
        return catalogue.load(folder)
    except CatalogueError as error:
        raise PackagingError(f"--catalogue {name}: {error}") from error


def name_of(model: Path) -> str | None:
    """The committed catalogue of the file in the model's folder; None if there is no file.

    Raises PackagingError for a file of another catalogue.
    """
    version = stated_version(model)
    if version is None:
        return None
    for name in GOODS:
        if load(name).version == version:
            return name
    raise PackagingError(
        f"{model / NAME}: is of the catalogue {version}, and those committed are {listed()}; name one by "
        "--catalogue, or write the file anew by `python -m model_artifacts.blip2 catalogue`"
    )


def of_version(version: str, name: str | None = None) -> Catalogue | None:
    """The catalogue `name`, or the committed one, if it is of that version. Raises PackagingError."""
    candidates = (load(one) for one in ([name] if name else GOODS))
    return next((goods for goods in candidates if goods.version == version), None)


def listed(name: str | None = None) -> str:
    """The catalogue `name`, or the committed ones, with their versions. Raises PackagingError."""
    return ", ".join(f"{one} {load(one).version}" for one in ([name] if name else GOODS))


def stated_version(model: Path) -> str | None:
    """The version of the catalogue in the model's folder; None if there is none. Raises PackagingError."""
    path = model / NAME
    if not path.exists():
        return None
    try:
        return str(json.loads(path.read_text("utf-8"))["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise PackagingError(f"{path}: states no version; write it anew by `package --catalogue`") from error


def _names(listed: Iterable[Material | Adjective]) -> dict[str, list[str]]:
    return {one.id: [one.answer, *one.aliases] for one in listed}


def _language(model: Path) -> tuple[str, int]:
    from answer_tokens import LEADING

    path = model / "config.json"
    try:
        text: Any = json.loads(path.read_text("utf-8"))["text_config"]
        family, end = (
            text.get("model_type"),
            text.get("eos_token_id", _USUAL_ENDS.get(text.get("model_type"))),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PackagingError(f"{path}: states no text_config; fetch it again") from error
    if family not in LEADING or not isinstance(end, int):
        raise PackagingError(
            f"{path}: text_config must be of type t5 or opt with one eos_token_id, not {family} with {end!r}"
        )
    return family, end


def _tokenizer(model: Path) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(model, local_files_only=True)
    except (OSError, ValueError, ImportError) as error:
        first = str(error).strip().splitlines()[0]
        raise PackagingError(f"{model}: its tokenizer cannot be read: {first}") from error

"""What a report can name, with its words in one language: what `GET /catalogue` answers."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from catalogue import Catalogue
from catalogue.model import Language
from services.core.narrative.labels import LabelNames

# A new release may bring another catalogue; until the hour is over, its ids are refused by name.
_CACHE_CONTROL = "private, max-age=3600"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class NamedId(_Part):
    """An id of the catalogue and its word, as a report's `labels` have it."""

    id: str
    name: str


class DepartmentNames(_Part):
    """A department: its kinds of goods, and the materials and wear that its goods can have."""

    id: str
    name: str
    kinds: tuple[NamedId, ...]
    materials: tuple[NamedId, ...]
    wear: tuple[NamedId, ...]


class CatalogueNames(_Part):
    """The departments that the service is set to, in the catalogue's order; colours and patterns are of all.

    `version` names the content of the whole catalogue, as a report's `model.catalogue` does. Without colours
    or patterns the model is not asked about them.
    """

    version: str
    departments: tuple[DepartmentNames, ...]
    colours: tuple[NamedId, ...]
    patterns: tuple[NamedId, ...] = Field(description="Such as `striped`")


@dataclass(frozen=True)
class WrittenNames:
    """The names as JSON, and the tag that identifies this text."""

    body: bytes
    etag: str

    def answer(self, if_none_match: Iterable[str]) -> Response:
        """Answer with the names, or 304 to a client whose `If-None-Match` headers have their tag."""
        headers = {"Cache-Control": _CACHE_CONTROL, "ETag": self.etag, "Vary": "Accept-Language"}
        tags = [tag.strip() for header in if_none_match for tag in header.split(",")]
        # A proxy that compresses makes the tag weak; If-None-Match compares without regard to that.
        if any(tag == "*" or tag.removeprefix("W/") == self.etag for tag in tags):
            return Response(status_code=304, headers=headers)
        return Response(self.body, headers=headers, media_type="application/json")


def catalogue_names(catalogue: Catalogue, language: Language) -> CatalogueNames:
    """The names of a catalogue's ids in a language."""
    names = LabelNames(language, catalogue)
    return CatalogueNames(
        version=catalogue.version,
        departments=tuple(
            DepartmentNames(
                id=each.id,
                name=each.name_en if language == "en" else each.name_fr,
                kinds=tuple(NamedId(id=kind.id, name=names.kind(kind.id)) for kind in each.kinds),
                materials=tuple(NamedId(id=one.id, name=names.material(one.id)) for one in each.materials),
                wear=tuple(NamedId(id=tag.id, name=names.wear(tag.id)) for tag in each.wear),
            )
            for each in catalogue.departments.values()
        ),
        colours=tuple(NamedId(id=each.id, name=names.colour(each.id)) for each in catalogue.colours),
        patterns=tuple(NamedId(id=each.id, name=names.pattern(each.id)) for each in catalogue.patterns),
    )


def written_names(catalogue: Catalogue, language: Language) -> WrittenNames:
    """The names as they are answered, made once for each version, choice of departments and language."""
    key = (catalogue.version, tuple(catalogue.departments), language)
    if key not in _MADE:
        body = catalogue_names(catalogue, language).model_dump_json().encode()
        _MADE[key] = WrittenNames(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
    return _MADE[key]


_MADE: dict[tuple[str, tuple[str, ...], Language], WrittenNames] = {}

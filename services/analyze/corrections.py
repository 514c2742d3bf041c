"""The body of `PATCH /reports/{id}`: a JSON merge patch of the fields that an owner may correct."""

import unicodedata
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)
from starlette.requests import Request

from services.analyze.form import content_type
from services.analyze.intake import bounded, check_coding
from services.core.domain.errors import UnsupportedMedia
from services.core.domain.report import Colour, Material, Pattern, Tag, Type
from services.web.json_body import read_json
from services.web.problems import invalid_input

MERGE_PATCH = "application/merge-patch+json"
# More than the longest texts need when every character of them is escaped.
MAX_PATCH_BYTES = 64_000
MAX_TITLE, MAX_DESCRIPTION, MAX_TAGS = 120, 2000, 20
# Categories of characters without a shape of their own. Kept of them: the end of a line, and what joins
# letters and emoji.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_KEPT = "\n\u200c\u200d"


def _whole(number: object) -> object:
    # In JSON, 7.0 is an integer too.
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _once(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


def _clean(text: str | None) -> str | None:
    lines = unicodedata.normalize("NFC", (text or "").replace("\r\n", "\n").replace("\r", "\n"))
    shown = "".join(
        letter
        for letter in lines.replace("\t", " ")
        if letter in _KEPT or unicodedata.category(letter) not in _UNPRINTABLE
    )
    return shown.strip() or None


def _line(text: str | None) -> str | None:
    return " ".join((_clean(text) or "").split()) or None


class _Patch(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ProductPatch(_Patch):
    """The right ids for the product, of the service's catalogue; null removes a correction."""

    type: Type | None = None
    material: Material | None = None
    colour: Colour | None = None
    pattern: Pattern | None = None


class ConditionPatch(_Patch):
    """The owner's judgement; null removes a correction.

    `wear` are ids of the kinds of wear that the catalogue has for the product's department. The grade
    follows from the score, and the score from the wear unless it is corrected too.
    """

    score: Annotated[Annotated[int, Field(ge=0, le=10)] | None, BeforeValidator(_whole)] = None
    wear: Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(_once)] | None = None


class ReportPatch(_Patch):
    """What the owner corrects; what is left out stays. Null or an empty text removes a correction."""

    product: ProductPatch | None = None
    condition: ConditionPatch | None = None
    title: Annotated[Annotated[str, Field(max_length=MAX_TITLE)] | None, AfterValidator(_line)] = None
    description: Annotated[
        Annotated[str, Field(max_length=MAX_DESCRIPTION)] | None, AfterValidator(_clean)
    ] = None


async def receive_patch(request: Request) -> dict[str, Any]:
    """Return the patch in the body, whose null values remove corrections.

    Raises UnsupportedMedia for another kind of body, TooLarge, and InvalidInput, which names the field.
    """
    check_coding(request)
    kind = content_type(request.headers.get("content-type", "")).get_content_type()
    if kind not in ("application/json", MERGE_PATCH):
        problem = f"is neither application/json nor {MERGE_PATCH}"
        raise UnsupportedMedia("Content-Type", problem, "Send the corrections as JSON")
    body = bounded(request, MAX_PATCH_BYTES, "Send shorter texts")
    return parse_patch(b"".join([chunk async for chunk in body]))


def parse_patch(body: bytes) -> dict[str, Any]:
    """Return the patch that `body` holds; raises InvalidInput, which names the field."""
    try:
        patch = ReportPatch.model_validate(read_json(body))
    except ValidationError as error:
        remedy = (
            "Send product.type, product.material, product.colour, product.pattern, condition.score, "
            "condition.wear, title or description"
        )
        raise invalid_input(error, remedy) from error
    return patch.model_dump(exclude_unset=True)

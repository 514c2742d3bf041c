"""What marketplaces ask for beside the report's codes: words, categories and conditions of the trade."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Narration = Annotated[
    Literal["llm", "mixed", "template"],
    Field(description="Whose sentences the text has: the LLM's, the template's, or both"),
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class EvidenceLabel(_Part):
    """A question about the photos and its answer, in words."""

    question: str
    answer: str


class Labels(_Part):
    """The words for the report's codes in one language; null where the report has no such code.

    `wear`, `severities` and `places` have a word for each code of the report's wear, `reasons` a sentence for
    each of its reasons. `evidence` is in the order of the report's. What was not recognised or not judged is
    said to be so: "not recognised", "not judged".
    """

    type: str
    material: str | None = None
    colour: str | None = None
    pattern: str | None = None
    grade: str
    wear: dict[str, str] = {}
    severities: dict[str, str] = {}
    places: dict[str, str] = {}
    reasons: dict[str, str] = {}
    evidence: tuple[EvidenceLabel, ...] = ()


class Translation(_Part):
    """The report's words in a language beside its own."""

    title: str
    description: str
    keywords: tuple[str, ...] = ()
    labels: Labels | None = None
    narrative: Narration | None = None


class Category(_Part):
    """A category of Google's public product taxonomy: its number and its English path."""

    number: int
    path: str = Field(examples=["Apparel & Accessories > Shoes"])


class TradeCondition(_Part):
    """The condition as marketplaces write it, never better than what was seen.

    Of a condition that was not assessed, they say that it is second-hand, and nothing more. Null: the
    marketplace has no such condition, or the photos do not show which it is.
    """

    schema_org: str = Field(description="Of schema.org's OfferItemCondition", examples=["UsedCondition"])
    google: str = Field(description="Google product data's `condition`", examples=["used"])
    facebook: str | None = Field(description="Meta catalogues' `condition`", examples=["used_good"])
    ebay: int | None = Field(description="eBay's condition id in such a category", examples=[3000])


class Listing(_Part):
    """The fields that marketplaces ask for; null where the photos do not show it, for the seller to fill in.

    `specifics` are the item specifics of the department, by the names of eBay US, which Google's product data
    has in small letters. Their values are in the report's language, each by itself: the colour as a
    dictionary has it.
    """

    category: Category | None = Field(description="Null: the kind is unknown")
    condition: TradeCondition
    specifics: dict[str, str | None] = {}

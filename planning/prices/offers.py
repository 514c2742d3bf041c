"""An offer of the Price List API, as its JSON says it, and the price in it that counts."""

from collections.abc import Mapping

from pydantic import BaseModel, Field, ValidationError

from planning.prices.sources import RefusedError, Usd


class _Tier(BaseModel):
    unit: str
    begin: float = Field(alias="beginRange", default=0.0, ge=0, allow_inf_nan=False)
    per_unit: dict[str, Usd] = Field(alias="pricePerUnit")


class _Term(BaseModel):
    tiers: dict[str, _Tier] = Field(alias="priceDimensions")


class _Terms(BaseModel):
    on_demand: dict[str, _Term] = Field(alias="OnDemand", default_factory=dict)


class _Product(BaseModel):
    sku: str
    family: str = Field(alias="productFamily", default="")
    attributes: dict[str, str]


class Offer(BaseModel):
    """A product and its prices by amount."""

    product: _Product
    terms: _Terms

    @property
    def attributes(self) -> Mapping[str, str]:
        """What describes the product, its family included."""
        return {"productFamily": self.product.family, **self.product.attributes}

    def first_paid(self) -> tuple[float, str]:
        """Return USD and unit of the first tier that is not free; raises RefusedError where all are."""
        tiers = [tier for term in self.terms.on_demand.values() for tier in term.tiers.values()]
        paid = [tier for tier in tiers if tier.per_unit.get("USD", 0) > 0]
        if not paid:
            raise RefusedError(f"the product {self.product.sku} has no price in USD above zero")
        first = min(paid, key=lambda tier: tier.begin)
        return first.per_unit["USD"], first.unit


def read_offer(text: str) -> Offer:
    """Return an offer from its JSON; raises RefusedError where it is not as AWS documents it."""
    try:
        return Offer.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "its JSON"
        raise RefusedError(f"the answer is not as documented: {where}: {first['msg']}") from error

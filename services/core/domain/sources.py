"""Who says what a product is: the model, and its owner once it is corrected."""

from services.core.domain.report import UNKNOWN, Product, ProductCorrection, Source, Sources


def model_sources(product: Product) -> Sources:
    """The sources of a product that the model alone has named."""
    return Sources(**{name: _source(getattr(product, name), "model") for name in Sources.model_fields})


def stated(product: Product, given: ProductCorrection) -> Product:
    """The product as its owner corrects it; the owner's kind stands in place of the model's guess."""
    values = given.model_dump(exclude_none=True)
    owners = {name: _source(value, "owner") for name, value in values.items()}
    # A report of an earlier release has no sources: all that it says is the model's.
    sources = (product.sources or model_sources(product)).model_copy(update=owners)
    guess = {"suggestion": None} if given.type is not None else {}
    return product.model_copy(update={**values, **guess, "sources": sources})


def _source(value: str | None, source: Source) -> Source | None:
    return None if value in (None, UNKNOWN) else source

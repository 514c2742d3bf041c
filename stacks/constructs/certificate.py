"""The domain's certificate, which validates itself through the zone that holds the domain."""

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from settings.schema import Domain


def hosted_zone(scope: Construct, domain: Domain) -> route53.IHostedZone:
    """Name the zone by what the settings say of it: nothing is looked up."""
    return route53.HostedZone.from_hosted_zone_attributes(
        scope, "Zone", hosted_zone_id=domain.hosted_zone_id, zone_name=domain.hosted_zone_name
    )


def certificate(scope: Construct, domain: Domain, zone: route53.IHostedZone) -> acm.Certificate:
    """Declare a certificate of the domain's name."""
    return acm.Certificate(
        scope,
        "Certificate",
        domain_name=domain.name,
        validation=acm.CertificateValidation.from_dns(zone),
    )

"""What the page's bucket holds: the page as Vite builds it, and the configuration from the stack outputs."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from settings.environment import Environment
from settings.page_config import page_config
from stacks.constructs.functions import hash_of, local_bundling
from stacks.constructs.operations import log_group
from web.build import FOLDER, SOURCES, build_page
from web.headers import ASKED_FOR_AGAIN, ASSETS, CACHED_FOR_A_YEAR

NAMED_BY_CONTENT = f"{ASSETS}*"


def deploy_page(scope: Construct, bucket: s3.IBucket, settings: Environment) -> None:
    """Declare what copies the page into the bucket at each deployment that changes it.

    Files with names by content are cached for a year and stay, for pages that are open; the others are asked
    for again each time, so that nothing needs to be invalidated.
    """
    page = deployment.Source.asset(
        str(FOLDER),
        asset_hash=hash_of(_sources()),
        asset_hash_type=cdk.AssetHashType.CUSTOM,
        bundling=local_bundling(build_page),
    )
    config = deployment.Source.json_data("config.json", page_config(settings, api="/api"))
    # No managed policy: AWSLambdaBasicExecutionRole allows writing to every log group of the account.
    role = iam.Role(scope, "CopyRole", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log = log_group(scope, "CopyLog", settings.log_retention_days)
    log.grant_write(role)
    assets = deployment.BucketDeployment(
        scope,
        "Assets",
        sources=[page],
        destination_bucket=bucket,
        exclude=["*"],
        include=[NAMED_BY_CONTENT],
        prune=False,
        cache_control=[deployment.CacheControl.from_string(CACHED_FOR_A_YEAR)],
        role=role,
        log_group=log,
    )
    others = deployment.BucketDeployment(
        scope,
        "Others",
        sources=[page, config],
        destination_bucket=bucket,
        exclude=[NAMED_BY_CONTENT],
        cache_control=[deployment.CacheControl.from_string(ASKED_FOR_AGAIN)],
        role=role,
        log_group=log,
    )
    # The page names its assets: they are there before it.
    others.node.add_dependency(assets)


def _sources() -> list[Path]:
    parts = (FOLDER / source for source in SOURCES)
    return [
        file
        for part in parts
        for file in (sorted(part.rglob("*")) if part.is_dir() else [part])
        if file.is_file()
    ]

"""Who is notified of alarms: whether an address has confirmed, and whether a topic admits AWS's services."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cli.findings import Finding, failure, ok, warning
from settings.naming import alarm_topic_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sns import SNSClient

    from settings.environment import Environment

SUBJECT = "alarms.notify"
PUBLISHERS = ("cloudwatch.amazonaws.com", "budgets.amazonaws.com")
_PENDING = "PendingConfirmation"


def receiver(settings: Environment, sns: SNSClient) -> Iterator[Finding]:
    """Whether messages of alarms arrive; without a receiver the settings have a notice of their own."""
    alarms = settings.alarms
    if alarms.notified_topic is not None:
        yield _topic(alarms.notified_topic, sns)
    elif alarms.notified_address is not None:
        yield _address(settings, alarms.notified_address, sns)


def _topic(arn: str, sns: SNSClient) -> Finding:
    try:
        attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    except sns.exceptions.NotFoundException:
        return failure(SUBJECT, f"there is no topic {arn}.", "Create it, or name an e-mail address.")
    admitted = _principals(json.loads(attributes["Policy"]))
    missing = [service for service in PUBLISHERS if not admitted & {service, "*"}]
    if missing:
        services = " and ".join(missing)
        return warning(
            SUBJECT,
            f"the policy of {arn} does not let {services} publish.",
            "Allow it sns:Publish there, and kms:Decrypt and kms:GenerateDataKey* in the policy of the "
            "topic's key.",
        )
    return ok(SUBJECT, f"{arn} admits alarms and budgets")


def _principals(policy: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for statement in policy["Statement"]:
        actions = statement.get("Action", ())
        actions = {actions.lower()} if isinstance(actions, str) else {one.lower() for one in actions}
        principal = statement.get("Principal", {})
        # The policy of a new topic admits everyone whom the account that owns it admits, and so no service.
        bounded = "Condition" in statement and not isinstance(principal, dict)
        if statement["Effect"] != "Allow" or not actions & {"sns:publish", "sns:*"} or bounded:
            continue
        services = principal.get("Service", ()) if isinstance(principal, dict) else principal
        found |= {services} if isinstance(services, str) else set(services)
    return found


def _address(settings: Environment, address: str, sns: SNSClient) -> Finding:
    suffix = f":{alarm_topic_name(settings.name)}"
    topics = (
        topic["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for topic in page["Topics"]
    )
    arn = next((topic for topic in topics if topic.endswith(suffix)), None)
    if arn is None:
        return ok(SUBJECT, f"the deployment subscribes {address}, which must confirm AWS's message")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    found = [one for page in pages for one in page["Subscriptions"] if one.get("Endpoint") == address]
    subscribe = f"aws sns subscribe --topic-arn {arn} --protocol email --notification-endpoint {address}"
    if not found:
        return warning(SUBJECT, f"{address} is not subscribed to {arn}.", f"Run `{subscribe}`.")
    if all(one["SubscriptionArn"] == _PENDING for one in found):
        return warning(
            SUBJECT,
            f"{address} has not confirmed its subscription, so alarms do not arrive.",
            f"Follow the link in AWS's message; after three days it is void: run `{subscribe}`.",
        )
    return ok(SUBJECT, f"{address} has confirmed")

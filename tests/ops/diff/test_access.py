"""Permissions that a change adds, by what IAM grants with them: what is wide or foreign is a headline."""

import json
from typing import Any

import pytest

from ops.diff.access import judge_access
from ops.diff.consequences import Consequence, Severity
from ops.diff.templates import ResourceChange, StackChange

Resources = dict[str, tuple[str, dict[str, Any]]]
BUCKET = {"Fn::GetAtt": ["Photos", "Arn"]}
OBJECTS = {"Fn::Join": ["", [BUCKET, "/*"]]}
OWN = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
OTHER = "arn:aws:iam::123456789012:root"
FROM_TOPIC = {"ArnEquals": {"aws:SourceArn": {"Ref": "Topic"}}}


def found(old: Resources, new: Resources) -> list[Consequence]:
    """Judge the resources that only one side has, or that differ, as CloudFormation would change them."""
    changes = []
    for name in dict.fromkeys([*old, *new]):
        before, after = (
            {"Type": f"AWS::{side[name][0]}", "Properties": side[name][1]} if name in side else None
            for side in (old, new)
        )
        if before != after:
            kind = str((after or before or {})["Type"])
            changes.append(ResourceChange(name, kind, "WILL_UPDATE", (), before, after))
    return list(judge_access("stack", StackChange(tuple(changes))))


def severities(old: Resources, new: Resources) -> set[Severity]:
    return {one.severity for one in found(old, new)}


def statement(*actions: str, on: Any = OBJECTS, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": list(actions), "Resource": on, **more}


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def policy(*statements: Any, role: Any = None) -> tuple[str, dict[str, Any]]:
    named = {"Roles": [role or {"Ref": "Role"}]}
    return "IAM::Policy", {"PolicyDocument": document(*statements), **named}


def role(trusted: Any = None, /, **more: Any) -> tuple[str, dict[str, Any]]:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    return "IAM::Role", {"AssumeRolePolicyDocument": document({**trust, **(trusted or {})}), **more}


def only_from(*values: str, **more: Any) -> dict[str, Any]:
    return statement("s3:GetObject", Condition={"StringLike": {"aws:SourceVpc": list(values)}, **more})


NARROW = statement("s3:GetObject", "s3:PutObject*")


@pytest.mark.parametrize(
    ("old", "new", "severity"),
    [
        # What an identity may do no more is a note.
        ([statement("s3:GetObject", "s3:PutObject")], [statement("s3:GetObject")], "note"),
        ([statement("s3:Get*")], [statement("S3:GetObject")], "note"),
        ([statement("s3:GetObject")], [statement("s3:GetObject", Sid="Other")], None),
        ([statement("s3:GetObject")], [statement("s3:Get*")], "note"),
        ([statement("s3:GetObject")], [statement("s3:*")], "weaker protection"),
        ([statement("s3:GetObject")], [statement("s3:GetObject", on="*")], "weaker protection"),
        (
            [statement("s3:GetObject", Condition={"Bool": {}})],
            [statement("s3:GetObject")],
            "weaker protection",
        ),
        ([statement("s3:GetObject")], [statement("s3:GetObject", Condition={"Bool": {}})], "note"),
        # Fewer may meet what asks for more, and more may meet a wider pattern.
        ([only_from("a")], [only_from("a", Bool={"aws:SecureTransport": "true"})], "note"),
        ([only_from("a")], [only_from("a", "b")], "weaker protection"),
        ([only_from("a", "b")], [only_from("a")], "note"),
        ([only_from("a*")], [only_from("ab")], "note"),
        ([only_from("ab")], [only_from("a*")], "weaker protection"),
        ([statement("s3:*", effect="Deny")], [], "weaker protection"),
        ([], [statement("s3:*", effect="Deny")], None),
        ([statement("s3:Get*", effect="Deny")], [statement("s3:*", effect="Deny")], None),
        ([], [{"Fn::GetAtt": ["Macro", "Statement"]}], "weaker protection"),
        ([], [{"Fn::If": ["Prod", NARROW, {"Ref": "AWS::NoValue"}]}], "note"),
    ],
)
def test_only_more_access_is_judged(old: list[Any], new: list[Any], severity: Severity | None) -> None:
    assert severities({"P": policy(*old)}, {"P": policy(*new)}) == ({severity} if severity else set())


WIDE = [
    statement("*", on="*"),
    statement("iam:*"),
    statement("s3:*", on=BUCKET),
    statement("iam:PassRole", on="arn:aws:iam::*:role/*"),
    statement("s3:GetObject", on="arn:aws:s3:::*"),
    statement("iam:PutRole*", on={"Fn::GetAtt": ["Role", "Arn"]}),
    statement("secretsmanager:GetSecretValue", on={"Fn::Sub": "arn:aws:secretsmanager:*:*:secret:*"}),
    {"Effect": "Allow", "NotAction": "iam:*", "Resource": OBJECTS},
    {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": OBJECTS},
]


@pytest.mark.parametrize("one", WIDE)
def test_wide_new_role_is_a_headline(one: dict[str, Any]) -> None:
    inline = [{"PolicyName": "p", "PolicyDocument": document(one)}]
    for new in (
        {"Role": role(), "P": policy(one)},
        {"Role": role(Policies=inline)},
        {"Role": role(), "M": ("IAM::ManagedPolicy", {"PolicyDocument": document(one)})},
        {"U": ("IAM::User", {"Policies": inline})},
        {
            "Role": role(),
            "P": ("IAM::RolePolicy", {"RoleName": {"Ref": "Role"}, "PolicyDocument": document(one)}),
        },
    ):
        assert "weaker protection" in severities({}, new)


def test_narrow_new_role_is_a_note() -> None:
    logs = statement(
        "logs:PutLogEvents", on={"Fn::Sub": "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:/x:*"}
    )
    metrics = statement("cloudwatch:PutMetricData", "ecr:GetAuthorizationToken", on="*")
    imported = statement("kms:Decrypt", on={"Fn::ImportValue": "vitrine-prod-storage:ExportsOutputKey"})
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    new = {"Role": role(ManagedPolicyArns=[basic]), "P": policy(NARROW, logs, metrics, imported)}
    assert severities({}, new) == {"note"}


def test_only_wide_permission_is_a_headline() -> None:
    one = statement("s3:GetObject", on=[OBJECTS, "arn:aws:s3:::*"])
    narrow, wide = sorted(found({"P": policy()}, {"P": policy(one)}), key=lambda each: each.severity)
    assert narrow.happens == "may newly do s3:GetObject on Photos.Arn/*"
    assert narrow.remedy == "See that its code needs this."
    assert (wide.severity, wide.happens) == (
        "weaker protection",
        "may newly do s3:GetObject on arn:aws:s3:::*",
    )


def test_lost_permission_is_named() -> None:
    old = statement("s3:GetObject", "s3:PutObject")
    (one,) = found({"P": policy(old)}, {"P": policy(statement("s3:GetObject"))})
    assert one.happens == "may do no more: s3:PutObject on Photos.Arn/*"
    (one,) = found({"P": policy(old)}, {"P": policy({**old, "Condition": {"Bool": {}}})})
    assert one.happens == "may do only on a condition: s3:GetObject, s3:PutObject on Photos.Arn/*"


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("AdministratorAccess", "weaker protection"),
        ("IAMFullAccess", "weaker protection"),
        ("PowerUserAccess", "weaker protection"),
        ("service-role/AWSLambdaVPCAccessExecutionRole", "note"),
    ],
)
def test_managed_policy_is_judged(name: str, severity: Severity) -> None:
    given = role(ManagedPolicyArns=[{"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{name}"}])
    assert severity in severities({}, {"Role": given})
    assert severities({"Role": role()}, {"Role": given}) == {severity}


@pytest.mark.parametrize(
    ("trusted", "severity"),
    [
        ({"Principal": "*"}, "weaker protection"),
        ({"Principal": {"AWS": OTHER}}, "weaker protection"),
        ({"Principal": {"AWS": "123456789012"}}, "weaker protection"),
        ({"Principal": {"AWS": {"Ref": "TrustedAccount"}}}, "weaker protection"),
        ({"Principal": {"Federated": {"Ref": "GitHub"}}}, "weaker protection"),
        ({"Principal": {"AWS": OWN}}, "note"),
        ({"Principal": {"Service": "ecs-tasks.amazonaws.com"}}, "note"),
    ],
)
def test_foreign_trust_is_a_headline(trusted: dict[str, Any], severity: Severity) -> None:
    assert severities({}, {"Role": role(trusted)}) == {severity}
    # Unless everyone may, whom it has trusted so far may use it no more.
    told = severities({"Role": role()}, {"Role": role(trusted)})
    assert told - {"interruption"} == {"weaker protection"}
    assert ("interruption" in told) is (trusted["Principal"] != "*")


def test_other_subject_of_a_provider_is_a_headline() -> None:
    def deployer(subject: str) -> Resources:
        condition = {"StringLike": {"token.actions.githubusercontent.com:sub": subject}}
        return {
            "Role": role(
                {"Principal": {"Federated": "arn:aws:iam::1:oidc-provider/x"}, "Condition": condition}
            )
        }

    (one,) = found(deployer("repo:shop/vitrine:ref:refs/heads/main"), deployer("repo:shop/*"))
    assert one.severity == "weaker protection"
    assert "whoever signs in at" in one.happens


def on(kind: str, statements: Any) -> Resources:
    """Return a new resource of a kind with a policy of its own, beside what it stands on."""
    declared = document(*statements) if isinstance(statements, list) else statements
    places: dict[str, tuple[str, dict[str, Any]]] = {
        "S3::BucketPolicy": ("PolicyDocument", {"Bucket": {"Ref": "Photos"}}),
        "SQS::QueuePolicy": ("PolicyDocument", {"Queues": [{"Ref": "Jobs"}]}),
        "SNS::TopicPolicy": ("PolicyDocument", {"Topics": [{"Ref": "Topic"}]}),
        "KMS::Key": ("KeyPolicy", {}),
        "ECR::Repository": ("RepositoryPolicyText", {}),
        "DynamoDB::Table": ("ResourcePolicy", {}),
        "Logs::ResourcePolicy": ("PolicyDocument", {}),
        "SecretsManager::ResourcePolicy": ("ResourcePolicy", {"SecretId": {"Ref": "Secret"}}),
    }
    key, more = places[kind]
    wrapped: Any = {"PolicyDocument": declared} if kind == "DynamoDB::Table" else declared
    return {"Thing": (kind, {key: json.dumps(wrapped) if kind.startswith("Logs") else wrapped, **more})}


KINDS = ["S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy", "KMS::Key", "ECR::Repository"]
KINDS += ["DynamoDB::Table", "Logs::ResourcePolicy", "SecretsManager::ResourcePolicy"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "principal",
    ["*", {"AWS": "*"}, {"AWS": OTHER}, {"CanonicalUser": "c0ffee"}, {"Service": "s3.amazonaws.com"}],
)
def test_foreign_policy_of_a_resource_is_a_headline(kind: str, principal: Any) -> None:
    one = statement("x:Read", on="*", Principal=principal)
    assert severities({}, on(kind, [one])) == {"weaker protection"}
    one["Effect"] = "Deny"
    assert severities({}, on(kind, [one])) == set()


@pytest.mark.parametrize(
    ("principal", "condition", "severity"),
    [
        ("*", {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, "note"),
        ("*", {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}, "weaker protection"),
        (
            "*",
            {"StringEqualsIfExists": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
            "weaker protection",
        ),
        ("*", {"StringNotEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, "weaker protection"),
        ("*", {"StringLike": {"aws:SourceArn": ["*", {"Ref": "Topic"}]}}, "weaker protection"),
        ({"Service": "sns.amazonaws.com"}, FROM_TOPIC, "note"),
        ({"Service": "sns.amazonaws.com"}, {"Bool": {"aws:SecureTransport": "true"}}, "weaker protection"),
        ({"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}, None, "note"),
    ],
)
def test_condition_binds_to_the_account(principal: Any, condition: Any, severity: Severity) -> None:
    one = statement("sqs:SendMessage", Principal=principal, **({"Condition": condition} if condition else {}))
    resources = {**on("SQS::QueuePolicy", [one]), "Jobs": ("SQS::Queue", {}), "Role": role()}
    resources["Photos"] = ("S3::Bucket", {})
    assert severity in severities({}, resources)
    assert ("weaker protection" in severities({}, resources)) is (severity == "weaker protection")


def test_key_of_the_own_account_is_a_note() -> None:
    assert severities({}, on("KMS::Key", [statement("kms:*", on="*", Principal={"AWS": OWN})])) == {"note"}


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ({"Principal": "*", "FunctionUrlAuthType": "NONE"}, "weaker protection"),
        ({"Principal": "123456789012"}, "weaker protection"),
        ({"Principal": "apigateway.amazonaws.com"}, "weaker protection"),
        ({"Principal": "apigateway.amazonaws.com", "SourceArn": {"Ref": "Api"}}, "note"),
    ],
)
def test_permission_of_a_function_is_judged(more: dict[str, Any], severity: Severity) -> None:
    given = {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Function"}, **more}
    new: Resources = {"Permission": ("Lambda::Permission", given), "Function": ("Lambda::Function", {})}
    assert severities({}, new) == {severity}


def test_computed_policy_is_a_headline() -> None:
    for computed in ({"Ref": "Document"}, {"Fn::Transform": {"Name": "Macro"}}):
        given = {"PolicyDocument": computed, "Roles": [{"Ref": "Role"}]}
        assert severities({}, {"Policy": ("IAM::Policy", given)}) == {"weaker protection"}


def test_refused_plain_http_is_missed() -> None:
    unsafe = {"Bool": {"aws:SecureTransport": "false"}}
    deny = statement("s3:*", effect="Deny", Principal="*", Condition=unsafe, on=[BUCKET, OBJECTS])
    old = on("S3::BucketPolicy", [deny])
    (one,) = found(old, {})
    assert one.happens == (
        "s3:* on Photos.Arn, Photos.Arn/* is not denied any more where aws:SecureTransport is false"
    )
    assert one.remedy == "Keep the denial."
    # With the bucket itself, nothing is left to deny.
    assert found({**old, "Photos": ("S3::Bucket", {})}, {}) == []


FROM_OTHER = {"ArnEquals": {"aws:SourceArn": {"Ref": "Other"}}}
SENDER = {"Service": "sns.amazonaws.com"}


@pytest.mark.parametrize(
    ("old", "new", "severity"),
    [
        # A service has no policy of its own that could allow it instead.
        ([(SENDER, FROM_TOPIC), (SENDER, FROM_OTHER)], [(SENDER, FROM_OTHER)], "interruption"),
        ([(SENDER, FROM_TOPIC)], [], "interruption"),
        ([(SENDER, {**FROM_TOPIC, **FROM_OTHER})], [], "interruption"),
        # A condition beside the former one is what a topic may meet.
        ([(SENDER, FROM_TOPIC)], [(SENDER, {**FROM_TOPIC, "Bool": {"aws:SecureTransport": "true"}})], None),
        ([({"AWS": {"Ref": "Role"}}, None)], [], "note"),
    ],
)
def test_lost_sender_is_told(old: list[Any], new: list[Any], severity: Severity | None) -> None:
    sides = [
        [
            statement("sqs:SendMessage", Principal=who, **({"Condition": only} if only else {}))
            for who, only in side
        ]
        for side in (old, new)
    ]
    told = severities(*(on("SQS::QueuePolicy", side) for side in sides))
    assert told == ({severity} if severity else set())


def test_sender_that_is_gone_is_not_missed() -> None:
    old = on("SQS::QueuePolicy", [statement("sqs:SendMessage", Principal=SENDER, Condition=FROM_TOPIC)])
    assert severities({**old, "Topic": ("SNS::Topic", {})}, on("SQS::QueuePolicy", [])) == set()


def test_key_without_administrators_is_refused() -> None:
    owner = statement("kms:*", on="*", Principal={"AWS": OWN})
    (one,) = found(on("KMS::Key", [owner]), on("KMS::Key", []))
    assert (one.severity, one.happens) == (
        "interruption",
        "the own account may do no more: kms:* on Thing.Arn",
    )


def test_lost_policy_is_more_than_a_note() -> None:
    old = {"P": policy(NARROW)}
    assert severities(old, {}) == {"interruption"}
    # Another policy of the role says the rest.
    assert severities(old, {"Q": policy(statement("s3:GetObject"))}) == {"note"}


def test_policy_of_an_endpoint_only_takes_away() -> None:
    limits = {"PolicyDocument": document(statement("*", on="*", Principal="*"))}
    assert severities({}, {"Endpoint": ("EC2::VPCEndpoint", limits)}) == set()

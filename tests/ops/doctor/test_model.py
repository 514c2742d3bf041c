"""The model's archive is there or will be."""

import pytest
from botocore.stub import Stubber

from ops.doctor.model import archive
from settings.environment import Environment
from tests.ops.conftest import KEY, Stubbed, make_settings

OBJECT = {"Bucket": "artifacts", "Key": KEY}


def bucket(stub: Stubber) -> None:
    asked = {"Name": "/vitrine/shop/artifact-bucket"}
    stub.add_response("get_parameter", {"Parameter": {"Value": "artifacts"}}, asked)


def test_the_demo_model_comes_along(settings: Environment, stubbed: Stubbed) -> None:
    ssm, s3 = stubbed("ssm")[0], stubbed("s3")[0]
    (finding,) = archive(settings, ssm, s3, at_hand=False)
    assert (finding.level, "demo" in finding.text) == ("ok", True)


@pytest.mark.parametrize(
    ("there", "at_hand", "level"),
    [(True, False, "ok"), (True, True, "ok"), (False, True, "ok"), (False, False, "failure")],
)
def test_the_archive_is_in_its_bucket_or_at_hand(
    stubbed: Stubbed, there: bool, at_hand: bool, level: str
) -> None:
    (ssm, parameters), (s3, objects) = stubbed("ssm"), stubbed("s3")
    bucket(parameters)
    if there:
        objects.add_response("head_object", {"ContentLength": 4}, OBJECT)
    else:
        objects.add_client_error("head_object", "404", http_status_code=404, expected_params=OBJECT)
    (finding,) = archive(make_settings(model={"artifact": KEY}), ssm, s3, at_hand=at_hand)
    assert finding.level == level
    assert ("ARTIFACT=" in finding.hint) == (level == "failure")


@pytest.mark.parametrize(("at_hand", "level"), [(True, "ok"), (False, "warning")])
def test_before_the_first_deployment_there_is_no_bucket(stubbed: Stubbed, at_hand: bool, level: str) -> None:
    (ssm, parameters), (s3, _) = stubbed("ssm"), stubbed("s3")
    parameters.add_client_error("get_parameter", "ParameterNotFound")
    (finding,) = archive(make_settings(model={"artifact": KEY}), ssm, s3, at_hand=at_hand)
    assert finding.level == level

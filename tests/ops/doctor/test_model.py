"""The model's archive is there or will be."""

import pytest
from botocore.stub import Stubber

from ops.doctor.account import archive
from settings.environment import Environment
from tests.ops.conftest import KEY, Stubbed, make_settings

OBJECT = {"Bucket": "artifacts", "Key": KEY}


def bucket(stub: Stubber) -> None:
    params = {"Name": "/vitrine/shop/artifact-bucket"}
    stub.add_response("get_parameter", {"Parameter": {"Value": "artifacts"}}, params)


def test_demo_model_needs_no_archive(settings: Environment, stubbed: Stubbed) -> None:
    ssm, s3 = stubbed("ssm")[0], stubbed("s3")[0]
    (finding,) = archive(settings, ssm, s3, given=False)
    assert (finding.level, "demo" in finding.text) == ("ok", True)


@pytest.mark.parametrize(
    ("there", "given", "level"),
    [(True, False, "ok"), (True, True, "ok"), (False, True, "ok"), (False, False, "failure")],
)
def test_archive_is_in_bucket_or_given(stubbed: Stubbed, there: bool, given: bool, level: str) -> None:
    (ssm, parameters), (s3, objects) = stubbed("ssm"), stubbed("s3")
    bucket(parameters)
    if there:
        objects.add_response("head_object", {"ContentLength": 4}, OBJECT)
    else:
        objects.add_client_error("head_object", "404", http_status_code=404, expected_params=OBJECT)
    (finding,) = archive(make_settings(model={"artifact": KEY}), ssm, s3, given=given)
    assert finding.level == level
    assert ("ARTIFACT=" in finding.hint) == (level == "failure")


@pytest.mark.parametrize(("given", "level"), [(True, "ok"), (False, "warning")])
def test_first_deployment_has_no_bucket(stubbed: Stubbed, given: bool, level: str) -> None:
    (ssm, parameters), (s3, _) = stubbed("ssm"), stubbed("s3")
    parameters.add_client_error("get_parameter", "ParameterNotFound")
    (finding,) = archive(make_settings(model={"artifact": KEY}), ssm, s3, given=given)
    assert finding.level == level

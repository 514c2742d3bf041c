"""A release against moto: what it changes, what it leaves, and what its log says."""

import os
import re
import signal
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from cli.errors import UserError
from model_artifacts.blip2.tools import packaging
from ops.release.canary import CanaryFailed
from ops.release.release import release_archive, remove_canary
from settings.environment import load_environment
from tests.ops.checkout import Checkout
from tests.ops.release.conftest import ENDPOINT, GOODS, Place
from tests.stacks.delivery.calls import RELEASED, Calls
from tests.stacks.delivery.policies import allows
from tests.stacks.delivery.roles import PROD, delivered
from tests.stacks.single_stacks import CANARY_ROLE

pytestmark = pytest.mark.system

WELL = [
    "flight_checked",
    "uploaded",
    "canary_started",
    "canary_answered",
    "canary_gone",
    "settings_written",
    "deployed",
    "released",
]


def names(place: Place) -> list[str]:
    return [line["event"] for line in place.events()]


def test_release_reaches_bucket_settings_and_stack(place: Place) -> None:
    archive = place.archive()
    before = place.file.read_text("utf-8")
    assert place.release(archive)
    key = f"models/{packaging.sha256_of(archive)}/blip2-endpoint.tar.gz"
    stored = place.session.client("s3").get_object(Bucket="artifacts", Key=key)["Body"].read()
    assert stored == archive.read_bytes()
    assert place.deployed == [key]
    after = before.replace('artifact = "demo"', f'artifact = "{key}"')
    after = after.replace('# catalogue_version = "…"', f'catalogue_version = "{GOODS.version}"')
    assert place.file.read_text("utf-8") == after
    assert load_environment(place.file).model.catalogue_version == GOODS.version
    assert names(place) == WELL
    assert {(line["env"], line["sha256"]) for line in place.events()} == {
        ("shop", packaging.sha256_of(archive))
    }
    assert place.left() == []


def test_canary_has_the_configured_drivers(place: Place) -> None:
    chosen = 'inference_ami_version = "al2023-ami-sagemaker-inference-gpu-4-1"'
    text = place.file.read_text("utf-8")
    place.file.write_text(text.replace('# inference_ami_version = "…"', chosen), "utf-8")
    variants: list[Any] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        variants.extend(params["ProductionVariants"])

    event = "provide-client-params.sagemaker.CreateEndpointConfig"
    place.session.events.register(event, note)
    place.release(place.archive())
    place.session.events.unregister(event, note)
    versions = [one["InferenceAmiVersion"] for one in variants]
    assert versions == ["al2023-ami-sagemaker-inference-gpu-4-1"]


def test_pipelines_role_suffices(place: Place) -> None:
    calls = Calls()
    place.session.events.register("provide-client-params.*.*", calls.record)
    place.release(place.archive())
    place.session.events.unregister("provide-client-params.*.*", calls.record)
    settings = load_environment(place.file).model_copy(update={"delivery": PROD.delivery})
    role = delivered(settings).deploy.documents
    assert [one for one in calls if not allows(role, *one)] == []
    assert {one.action for one in calls} >= RELEASED - {"sagemaker:InvokeEndpoint"}


def test_earlier_checkout_releases_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = Checkout(place.folder / "checkout")
    later = checkout.commit("# two\n")
    checkout.git("checkout", "--quiet", checkout.first)
    monkeypatch.setattr("cli.cdk.ROOT", checkout.folder)
    deployed = f"{checkout.first}; model stack: {later}"
    place.session.client("ssm").put_parameter(
        Name="/vitrine/shop/deployed-commit", Value=deployed, Type="String"
    )
    settings, console = load_environment(place.file), Console(file=StringIO())
    with pytest.raises(UserError, match=f"deployed from {later}, a later commit than {checkout.first}"):
        release_archive(settings, place.session, console, named=str(place.file), archive=place.archive())


def test_same_archive_changes_nothing(place: Place) -> None:
    archive = place.archive()
    place.release(archive)
    calls, text = place.runtime.calls, place.file.read_bytes()
    assert not place.release(archive)
    assert names(place)[len(WELL) :] == ["unchanged"]
    assert (place.runtime.calls, len(place.deployed), len(place.checked)) == (calls, 1, 1)
    assert place.file.read_bytes() == text


def test_served_archive_gets_its_version(place: Place) -> None:
    archive = place.archive()
    place.release(archive)
    whole = place.file.read_text("utf-8")
    line = f'catalogue_version = "{GOODS.version}"'
    place.file.write_text(whole.replace(line, '# catalogue_version = "…"'), "utf-8")
    assert not place.release(archive)
    assert names(place)[len(WELL) :] == ["settings_written", "unchanged"]
    assert len(place.deployed) == 1
    assert place.file.read_text("utf-8") == whole


def test_second_archive_replaces_the_first(place: Place) -> None:
    place.release(place.archive())
    assert place.release(place.archive("second"))
    assert names(place) == WELL + WELL
    assert place.deployed[1] == load_environment(place.file).model.artifact != place.deployed[0]
    assert place.left() == []


def test_other_catalogue_is_refused_before_all(place: Place) -> None:
    text = place.file.read_bytes()
    with pytest.raises(UserError, match=r"holds the catalogue 0123456789abcdef") as refused:
        place.release(place.archive(version="0123456789abcdef"))
    assert GOODS.version in str(refused.value)
    assert names(place) == ["catalogue_refused"]
    assert place.file.read_bytes() == text
    assert place.left() == place.deployed == []
    assert place.checked == []
    assert "Contents" not in place.session.client("s3").list_objects_v2(Bucket="artifacts")


def _other(reply: dict[str, Any]) -> None:
    reply["artifact"] = "another-000000000000"


def _worn(reply: dict[str, Any]) -> None:
    reply["wear"] = reply["wear"] * 2


def _of_other_goods(reply: dict[str, Any]) -> None:
    reply["catalogue"] = "0123456789abcdef"


def _nonsense(reply: dict[str, Any]) -> None:
    first, *others = reply["material"].values()
    reply["material"] = dict(zip(reply["material"], [*others, first], strict=True))


def _unsure(reply: dict[str, Any]) -> None:
    reply["kinds"][0]["p"] /= 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_other, "another-000"),
        (_worn, "wear"),
        (_of_other_goods, "0123456789abcdef"),
        (_nonsense, r"material \w+ \d+% where \d+% is expected"),
        (_unsure, r"type mug \d+% where \d+% is expected"),
        (None, "ModelError"),
    ],
)
def test_failed_canary_leaves_nothing(place: Place, change: Any, reason: str) -> None:
    place.runtime.change = change or place.runtime.refuse
    text = place.file.read_bytes()
    with pytest.raises(CanaryFailed, match=reason):
        place.release(place.archive())
    assert names(place)[-1] == "canary_failed"
    assert re.search(reason, place.events()[-1]["reason"])
    assert place.file.read_bytes() == text
    assert place.deployed == place.left() == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_canary_leaves_nothing(place: Place, how: signal.Signals) -> None:
    text = place.file.read_bytes()
    # As the commands' entry sets it.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    before = signal.getsignal(how)
    place.runtime.change = lambda _reply: os.kill(os.getpid(), how)
    with pytest.raises(KeyboardInterrupt):
        place.release(place.archive())
    assert names(place)[-1] == "canary_interrupted"
    assert place.file.read_bytes() == text
    assert place.deployed == place.left() == []
    assert signal.getsignal(how) == before
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _rounded(reply: dict[str, Any]) -> None:
    for kind in reply["kinds"]:
        kind["p"] = round(kind["p"], 1)
    for marks in reply["wear"]:
        marks.update({tag: [round(p, 1) for p in parts] for tag, parts in marks.items()})


def test_other_precision_is_accepted(place: Place) -> None:
    place.runtime.change = _rounded
    assert place.release(place.archive())
    answered = next(line for line in place.events() if line["event"] == "canary_answered")
    assert 0 < answered["largest_difference"] <= 0.05


def kill_a_release(place: Place) -> None:
    sagemaker = place.sagemaker
    sagemaker.create_model(
        ModelName=ENDPOINT, ExecutionRoleArn=CANARY_ROLE, PrimaryContainer={"Image": "old"}
    )
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": ENDPOINT,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.g4dn.xlarge",
    }
    sagemaker.create_endpoint_config(EndpointConfigName=ENDPOINT, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)
    assert len(place.left()) == 3


def test_leftovers_are_removed_first(place: Place) -> None:
    kill_a_release(place)
    seen: list[str] = []
    place.check = lambda _file, _type: seen.extend(place.left())
    assert place.release(place.archive())
    assert names(place) == ["leftovers_removed", *WELL]
    assert seen == place.left() == []


def test_unchanged_release_removes_leftovers(place: Place) -> None:
    archive = place.archive()
    place.release(archive)
    kill_a_release(place)
    assert not place.release(archive)
    assert names(place)[len(WELL) :] == ["leftovers_removed", "unchanged"]
    assert place.left() == []


def test_left_canary_is_removed_alone(place: Place) -> None:
    kill_a_release(place)
    lines: list[str] = []
    for _ in range(2):
        remove_canary(load_environment(place.file), place.session, lines.append)
    assert lines == [f"✓ {ENDPOINT} is deleted", f"✓ {ENDPOINT} is not there"]
    assert place.left() == []


def test_canary_exists_while_it_answers(place: Place) -> None:
    seen: list[str] = []
    place.runtime.change = lambda _reply: seen.extend(place.left())
    place.release(place.archive())
    assert seen == [ENDPOINT, ENDPOINT, ENDPOINT]


def test_failed_deployment_restores_settings(place: Place) -> None:
    def fail() -> None:
        raise UserError("the alarm took it back")

    place.deploy, text = fail, place.file.read_bytes()
    with pytest.raises(UserError, match="alarm"):
        place.release(place.archive())
    assert place.events()[-1]["event"] == "deployment_failed"
    assert place.file.read_bytes() == text
    assert place.left() == []


def test_failed_flight_check_uploads_nothing(place: Place) -> None:
    def fail(_archive: object, _type: str) -> None:
        raise UserError("a NaN weight")

    place.check = fail
    with pytest.raises(UserError, match="NaN"):
        place.release(place.archive())
    assert names(place) == ["flight_check_failed"]
    assert "Contents" not in place.session.client("s3").list_objects_v2(Bucket="artifacts")


@pytest.mark.parametrize("name", ["/vitrine/shop/artifact-bucket", "/vitrine/shop/canary-role-arn"])
def test_undeployed_environment_is_reported(place: Place, name: str) -> None:
    place.session.client("ssm").delete_parameter(Name=name)
    with pytest.raises(UserError, match=f"no parameter {name}"):
        place.release(place.archive())
    assert not place.deployed and not place.checked

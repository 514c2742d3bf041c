"""An account in moto as after a first deployment; its endpoint calls the real handlers."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from catalogue import DRAWN, Catalogue, load
from model_artifacts.blip2.tools import packaging
from model_artifacts.blip2.tools.deploy import Events
from model_artifacts.blip2.tools.replay import PhotoSet
from model_artifacts.blip2_demo import MODEL
from model_artifacts.blip2_demo.training.evaluate import handlers
from ops.release.release import Tools, release, sdk_start
from services.core.domain.observation import Observation
from services.core.vision.endpoint import RealtimeVisionEndpoint
from settings.environment import FOLDER, load_environment
from tests.ops.archives import pack
from tests.ops.release.emulated import always_on
from tests.stacks.single_stacks import CANARY_ROLE

REGION = "ca-central-1"
ENDPOINT = "blip2-endpoint-canary"
GOODS = load(DRAWN)


@cache
def _loaded() -> tuple[Any, Any]:
    inference = handlers()
    return inference, inference.model_fn(str(MODEL))


class Runtime:
    """Calls the archive's handlers while the endpoint exists."""

    def __init__(self, sagemaker: Any) -> None:
        self.sagemaker = sagemaker
        self.inference, self.model = _loaded()
        self.calls = 0
        self.change: Callable[[dict[str, Any]], object] = lambda reply: None

    def invoke_endpoint(self, **call: Any) -> dict[str, Any]:
        self.calls += 1
        self.sagemaker.describe_endpoint(EndpointName=call["EndpointName"])
        reply = self.answer(call)
        self.change(reply)
        return {"Body": io.BytesIO(json.dumps(reply).encode())}

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        given = self.inference.input_fn(call["Body"], call["ContentType"])
        made = self.inference.output_fn(self.inference.predict_fn(given, self.model), call["Accept"])
        answer: dict[str, Any] = json.loads(made[0] if isinstance(made, tuple) else made)
        return answer

    def refuse(self, reply: dict[str, Any]) -> None:
        raise ClientError({"Error": {"Code": "ModelError"}, "OriginalStatusCode": 500}, "InvokeEndpoint")  # type: ignore[typeddict-unknown-key]


@dataclass
class Here:
    """Calls the same handlers without an endpoint."""

    runtime: Runtime

    def invoke_endpoint(self, **call: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(json.dumps(self.runtime.answer(call)).encode())}


@dataclass
class Place:
    """One environment, and how to release to it."""

    folder: Path
    session: boto3.Session
    runtime: Runtime
    checked: list[Path] = field(default_factory=list)
    deployed: list[str] = field(default_factory=list)
    deploy: Callable[[], None] | None = None
    check: Callable[[Path, str], object] | None = None

    @property
    def file(self) -> Path:
        return self.folder / "shop.toml"

    @property
    def sagemaker(self) -> Any:
        return self.session.client("sagemaker")

    def archive(self, content: str = "first", version: str | None = None) -> Path:
        """An archive with the demo's version and catalogue, of bytes of its own."""
        stated = {"version": self.runtime.model.manifest.artifact, "note": content}
        path = self.folder / "blip2-endpoint.tar.gz"
        return pack(path, version or GOODS.version, manifest=stated)

    def release(self, archive: Path) -> bool:
        settings = load_environment(self.file)
        sha256 = packaging.sha256_of(archive)
        log = Events(self.folder / "log.jsonl", {"env": "shop", "sha256": sha256})
        tools = Tools(
            session=self.session,
            runtime=self.runtime,  # type: ignore[arg-type]
            flight_check=self.check or (lambda file, _type: self.checked.append(file)),
            start_endpoint=sdk_start(settings, self.session),
            deploy=self.deploy or (lambda: self.deployed.append(load_environment(self.file).model.artifact)),
            answers_here=self._look,
            goods=GOODS,
            photos=[PhotoSet("mug", ((FOLDER.parent / "examples/photos/drawn-mug.jpg").read_bytes(),))],
        )
        return release(settings, self.file, archive, sha256, log, tools)

    def _look(self, _archive: Path, cases: Sequence[PhotoSet], goods: Catalogue) -> list[Observation]:
        model = RealtimeVisionEndpoint(cast("Any", Here(self.runtime)), "here", goods)
        return [model.observe(case.photos) for case in cases]

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "log.jsonl").read_text("utf-8").splitlines()]

    def left(self) -> list[str]:
        """What is left of the canary."""
        found = [one["EndpointName"] for one in self.sagemaker.list_endpoints()["Endpoints"]]
        found += [
            one["EndpointConfigName"] for one in self.sagemaker.list_endpoint_configs()["EndpointConfigs"]
        ]
        found += [one["ModelName"] for one in self.sagemaker.list_models()["Models"]]
        return [name for name in found if "canary" in name]


@pytest.fixture
def place(session: boto3.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # the SDK waits half a minute
    # The SDK validates its constant configuration at each look at it: most of its time.
    monkeypatch.setattr("jsonschema.validate", lambda *_: None)
    with mock_aws():
        text = always_on((FOLDER / "dev.toml").read_text("utf-8"))
        (tmp_path / "shop.toml").write_text(text, "utf-8")
        s3: Any = session.client("s3")
        s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": REGION})
        for name, value in (("artifact-bucket", "artifacts"), ("canary-role-arn", CANARY_ROLE)):
            session.client("ssm").put_parameter(Name=f"/vitrine/shop/{name}", Value=value, Type="String")
        yield Place(tmp_path, session, Runtime(session.client("sagemaker")))

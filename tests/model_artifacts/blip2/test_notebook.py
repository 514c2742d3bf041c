"""Studio's notebook, executed by nbmake against an emulated account.

moto stores the archive and creates the endpoint, for one instance type, but has no model: VITRINE_EMULATED
tells the notebook that the answer is made up. nbmake recognises a failed cell by the kernel's error output,
which the SDK replaces on import; metadata of that cell restores it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer

from model_artifacts.blip2.tools import packaging

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOK = ROOT / "model_artifacts" / "blip2" / "studio.ipynb"
REGION = "ca-central-1"
BUCKET = "vitrine-studio-artifacts"
ROLE = "arn:aws:iam::123456789012:role/tried"


@dataclass(frozen=True)
class Account:
    """An emulated account, and the environment variables of a process that uses it."""

    environment: dict[str, str]
    key_arn: str

    def client(self, service: Any) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture
def account() -> Iterator[Account]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    # moto keeps its state across servers in one process.
    moto_api_backend.reset()
    try:
        _, port = server.get_host_and_port()
        environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        made = Account(environment, "")
        key = made.client("kms").create_key()["KeyMetadata"]["Arn"]
        made.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        for name, value in (("artifact-bucket", BUCKET), ("image-key", key), ("studio-model-role", ROLE)):
            made.client("ssm").put_parameter(Name=f"/vitrine/dev/{name}", Value=value, Type="String")
        yield Account(environment, key)
    finally:
        server.stop()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """This repository with a copy of the notebook, which nbmake overwrites with its outputs."""
    clone = tmp_path / "vitrine"
    clone.mkdir()
    for name in ("catalogue", "cli", "environments", "examples", "model_artifacts", "services"):
        (clone / name).symlink_to(ROOT / name)
    (clone / "notebooks").mkdir()
    shutil.copy(NOTEBOOK, clone / "notebooks")
    return clone


def execute(account: Account, clone: Path) -> subprocess.CompletedProcess[str]:
    # The kernel inherits the account's variables from this process.
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(clone)]
    command += ["-p", "no:cacheprovider", "--nbmake", "--overwrite", "--nbmake-timeout=600"]
    emulated = {"VITRINE_EMULATED": "1", "IPYTHONDIR": str(clone / ".ipython"), "JUPYTER_PLATFORM_DIRS": "1"}
    return subprocess.run(
        [*command, str(clone / "notebooks" / NOTEBOOK.name)],
        cwd=clone,
        env=os.environ | account.environment | emulated,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.mark.system
def test_notebook_deploys_and_deletes(account: Account, clone: Path, tmp_path: Path) -> None:
    done = execute(account, clone)
    assert done.returncode == 0, done.stdout + done.stderr

    executed = (clone / "notebooks" / NOTEBOOK.name).read_text("utf-8")
    assert "InService" in executed
    assert "emulated" in executed
    key = packaging.key(packaging.build(tmp_path / packaging.NAME, packaging.DEMO))
    (stored,) = account.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert stored["Key"] == key
    head = account.client("s3").head_object(Bucket=BUCKET, Key=key)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", account.key_arn)
    sagemaker = account.client("sagemaker")
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert sagemaker.list_models()["Models"] == []


def cells() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    return found


def test_foreign_endpoint_name_is_refused(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_ENDPOINT", "shop")
    # Whatever asks an account before fails.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SAGEMAKER_SUPPRESS_V2_WARNING", "1")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setitem(sys.modules, "sagemaker", ModuleType("sagemaker"))
    monkeypatch.chdir(clone / "notebooks")
    names: dict[str, Any] = {}
    with pytest.raises(
        ValueError, match=r"ENDPOINT shop: the role of Studio makes endpoints named blip2-… only"
    ):
        for cell in cells():
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), names)  # noqa: S102


def test_notebook_has_no_outputs() -> None:
    code = [cell for cell in cells() if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)

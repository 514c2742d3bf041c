"""The one `PyTorchModel` of this artifact: image, environment and where its handlers are.

The stack takes what CreateModel needs from `container`, offline; the commands that deploy by the SDK take
`pytorch_model`. Importing the SDK takes seconds: these functions do it, not this module.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3
    from sagemaker import Session
    from sagemaker.pytorch import PyTorchModel

# The newest of AWS's images; facts that lean on it: transformers 5.24 needs torch 2.6 or newer.
FRAMEWORK = {"framework_version": "2.6", "py_version": "py312"}
# Nothing is started before the weights are on the instance and the handlers' packages installed.
STARTUP_S = 1200
ENVIRONMENT = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    # One worker: by default there is one for each vCPU, and each holds a copy of the model.
    "SAGEMAKER_TS_MIN_WORKERS": "1",
    "SAGEMAKER_TS_MAX_WORKERS": "1",
    "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
    # A worker that loads gigabytes is not a worker that hangs: TorchServe would start it again after 120 s.
    "TS_DEFAULT_STARTUP_TIMEOUT": str(STARTUP_S),
    # A realtime endpoint gets 6,291,456 bytes at most; what an async one fetches from its bucket may be more.
    "TS_MAX_REQUEST_SIZE": "16777216",
    "TS_MAX_RESPONSE_SIZE": "6553500",
    # Weights come from the archive alone, never from a hub.
    "HF_HUB_OFFLINE": "1",
}


def sdk_session(account: boto3.Session) -> Session:
    """A session of the SDK that ignores the user's SDK settings."""
    # The SDK announces its next major version, which has no PyTorchModel.
    os.environ.setdefault("SAGEMAKER_SUPPRESS_V2_WARNING", "1")
    from sagemaker import Session

    # Not empty, or the SDK would read /etc/xdg/sagemaker and ~/.config/sagemaker.
    return Session(boto_session=account, sagemaker_config={"SchemaVersion": "1.0"})


def pytorch_model(
    *, session: Session, role: str, model_data: str | None, image_uri: str | None = None
) -> PyTorchModel:
    """The model whose archive is at `model_data`; `image_uri` takes the place of AWS's image.

    Without an entry point: with one, the SDK would download, repack and upload the whole archive.
    """
    from sagemaker.pytorch import PyTorchModel

    return PyTorchModel(
        model_data=model_data,
        role=role,
        image_uri=image_uri,
        env=dict(ENVIRONMENT),
        # Nothing is uploaded there; unnamed, the SDK would look for its default bucket in the account.
        code_location="s3://unused/code",
        sagemaker_session=session,
        **FRAMEWORK,
    )


def container(*, region: str, instance_type: str, image_uri: str | None = None) -> dict[str, Any]:
    """Image and environment for CreateModel, without network, credentials or the user's SDK settings."""
    import boto3

    account = boto3.Session("unused", "unused", region_name=region)
    model = pytorch_model(session=sdk_session(account), role="unused", model_data=None, image_uri=image_uri)
    definition: dict[str, Any] = model.prepare_container_def(instance_type)
    return definition

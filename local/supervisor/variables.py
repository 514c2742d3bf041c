"""The environment variables of the local system's processes.

Nothing here may reach a real AWS account: whatever the caller's shell knows of one is taken out, and made-up
credentials for the emulator are put in.
"""

import os
from collections.abc import Mapping

from local.home import PYTHON, REPOSITORY, TOOLS

_LOOPBACK = "127.0.0.1,localhost"


def base() -> dict[str, str]:
    """Return this process's variables without any AWS account, with loopback kept off proxies."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    if kept.pop("PYTHONDONTWRITEBYTECODE", None):
        # Whoever wants no compiled files beside the sources gets them here: without any, each start of the
        # system would compile for half a minute.
        kept["PYTHONPYCACHEPREFIX"] = str(TOOLS / "pycache")
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, (kept.get(name), _LOOPBACK)))
    return kept | {
        "PATH": f"{PYTHON.parent}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",  # what is read and logged is UTF-8, whatever the caller's locale
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def aws(port: int, region: str) -> Mapping[str, str]:
    """Return the variables that lead an AWS client to the emulator on `port`."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "vitrine-local",
        "AWS_SECRET_ACCESS_KEY": "vitrine-local",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }

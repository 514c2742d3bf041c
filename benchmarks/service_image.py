"""Run the root of the service's image, over stores and a model of this machine; standard output gets JSON."""

import json
import sys
from io import BytesIO
from pathlib import Path

import httpx2
from PIL import Image

from benchmarks.container import PORT, Container, bring_up_loopback, observe
from tests.services.analyze.process import Model, settings, stores, token

STARTS = 5


def main() -> None:
    """Start the root that is named, several times; post photos to it."""
    bring_up_loopback()
    root, config = Path(sys.argv[1]), json.load(sys.stdin)
    with stores() as stores_port, Model().serving() as model:
        model.open.set()
        container = Container(root, config, "/healthz", given=settings(stores_port, model.port))
        print(json.dumps(observe(container, STARTS, _ask)))  # noqa: T201


def _ask() -> dict[str, int]:
    return {"photos_answered": sum(_post(kind) == 200 for kind in ("JPEG", "PNG"))}


def _post(kind: str) -> int:
    photo = BytesIO()
    Image.effect_noise((1200, 900), 40).convert("RGB").save(photo, kind)
    with httpx2.Client(trust_env=False, timeout=30) as client:
        return client.post(
            f"http://127.0.0.1:{PORT}/analyze",
            headers={"Authorization": f"Bearer {token('ana')}"},
            files={"images": photo.getvalue()},
        ).status_code


if __name__ == "__main__":
    main()

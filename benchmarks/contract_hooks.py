"""Hooks of schemathesis: what a schema cannot say of valid requests.

Photos are pictures, an idempotency key is new for new photos, an upload's id is one that was given, and an
owner's corrections have ids of the drawn catalogue.
`benchmarks.contract_fuzz` sets CONTRACT_TOKEN, an access token, and CONTRACT_URL, the address of the service.
"""

import itertools
import os
from io import BytesIO
from typing import Any

import requests
import schemathesis
from hypothesis import strategies as st
from PIL import Image
from schemathesis import Case, GenerationMode, HookContext

_keys = itertools.count()
# The drawn catalogue has no colours and patterns: null removes their correction.
_CORRECTED = {"type": "mug", "material": "ceramic"}


def _photo(kind: str, shade: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 48), (shade, 120, 160)).save(out, kind)
    return out.getvalue()


for _kind in ("jpeg", "png", "webp"):
    _photos = [_photo(_kind, shade) for shade in range(0, 256, 16)]
    schemathesis.openapi.media_type(f"image/{_kind}", st.sampled_from(_photos))
# HEIC cannot be encoded here; the service knows a photo by its content.
schemathesis.openapi.media_type("image/heic", st.just(_photo("jpeg", 77)))


@schemathesis.hook
def before_call(context: HookContext, case: "Case[Any]", kwargs: dict[str, Any]) -> None:
    """Make a valid request valid in what the schema cannot say."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if case.headers and "idempotency-key" in case.headers:
        case.headers["idempotency-key"] = f"key-{next(_keys)}"
    # Of JSON in any form.
    body: Any = case.body
    match body:
        case {"upload_ids": list(ids)}:
            case.body = {**body, "upload_ids": [_upload() for _ in ids]}
        case {"product": dict(product)}:
            body["product"] = {name: product[name] and _CORRECTED.get(name) for name in product}
    match body:
        case {"condition": {"wear": list(tags)}}:
            body["condition"]["wear"] = ["chip" for _ in tags]


def _upload() -> str:
    bearer = {"Authorization": f"Bearer {os.environ['CONTRACT_TOKEN']}"}
    offer = requests.post(f"{os.environ['CONTRACT_URL']}/uploads", headers=bearer, timeout=10).json()
    form = {**offer["fields"], "Content-Type": "image/jpeg"}
    sent = requests.post(offer["url"], data=form, files={"file": _photo("jpeg", 9)}, timeout=10)
    sent.raise_for_status()
    return str(offer["id"])

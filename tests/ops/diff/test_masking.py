"""What a synthesis writes anew each time is no change; everything else is."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.diff.assembly import Asset, Stack
from ops.diff.masking import masked, new_code

DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
NAMES = st.text("abcdefgh", min_size=1, max_size=5)
# Values of properties, with an asset's hash where %s is.
TEXTS = st.sampled_from(
    ["%s.zip", "s3://bucket/%s.zip", "repository:%s", "repository@sha256:%s", "plain", ""]
)
LEAVES = TEXTS | st.integers() | st.booleans() | st.none()
PROPERTIES = st.dictionaries(
    NAMES, st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=6)
)


def stack(properties: dict[str, Any], digest: str, noise: str) -> Stack:
    text = json.dumps(properties).replace("%s", digest)
    resources = {
        "Thing": {"Type": "AWS::A::B", "Properties": json.loads(text), "Metadata": {"path": noise}},
        "CDKMetadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": noise}},
        "Function": {"Type": "AWS::A::C", "Properties": {"Variables": {"VERSION": digest[:12]}}},
    }
    template = {
        "Resources": resources,
        "Metadata": {"written": noise},
        "Parameters": {"BootstrapVersion": {"Type": "String", "Default": noise}},
    }
    return Stack(template, (Asset("code", "Function", digest),))


@settings(max_examples=25)
@given(PROPERTIES, DIGESTS, DIGESTS, NAMES, NAMES)
def test_hash_and_metadata_are_no_change(
    properties: dict[str, Any], old: str, new: str, noise: str, other: str
) -> None:
    before, after = stack(properties, old, noise), stack(properties, new, other)
    assert masked(before) == masked(after)
    assert [one.name for one in new_code(before, after)][:1] == (["Function"] if old != new else [])


@settings(max_examples=25)
@given(PROPERTIES, PROPERTIES, DIGESTS, DIGESTS)
def test_other_values_are_changes(old: dict[str, Any], new: dict[str, Any], digest: str, other: str) -> None:
    same = json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    masks = [masked(stack(old, digest, "")), masked(stack(new, other, ""))]
    assert (json.dumps(masks[0], sort_keys=True) == json.dumps(masks[1], sort_keys=True)) is same


def test_image_by_digest_is_new_code() -> None:
    before, after = (Stack({"Image": f"r/vitrine-prod-analyze@sha256:{digit * 64}"}) for digit in "12")
    assert masked(before) == masked(after)
    assert [(one.kind, one.name) for one in new_code(before, after)] == [("image", "by digest")]


def test_other_image_by_digest_is_a_change() -> None:
    before, after = (Stack({"Image": f"r/pytorch@sha256:{digit * 64}"}) for digit in "12")
    assert masked(before) != masked(after)
    assert list(new_code(before, after)) == []

"""Templates without what changes with each build: hashes of assets, digests of our own image, metadata.

What a hash stands for is compared apart (`new_code`): new code is a fact, not a change of a resource.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ops.diff.assembly import Asset
from settings.naming import image_repository_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.diff.assembly import Stack, Template

# The image of a setting's digest is named by that of our own repository; another image's digest is a change.
_OURS = re.compile(rf"({image_repository_name('[a-z0-9-]+')}@)(sha256:[0-9a-f]{{64}})")
# The variable VERSION holds so much of a hash of the code, by which log lines name it.
_SHORT = 12
_VERSION = re.compile(f"[0-9a-f]{{{_SHORT}}}")
# What the CDK adds to every template, for its command line.
_OF_THE_CDK = {"Parameters": {"BootstrapVersion"}, "Rules": {"CheckBootstrapVersion"}}


def masked(stack: Stack) -> Template:
    """Return a stack's template with each hash replaced by what it stands for, and without metadata.

    Two templates that differ otherwise differ masked too.
    """
    template = _plain(stack.template)
    text = json.dumps(template)
    for asset in stack.assets:
        text = text.replace(asset.digest, _stands_for(asset))
    text = _OURS.sub(r"\1sha256:(digest)", text)
    short = {asset.digest[:_SHORT]: _stands_for(asset) for asset in stack.assets}
    return {section: _replaced(entries, short) for section, entries in json.loads(text).items()}


def new_code(old: Stack, new: Stack) -> Iterator[Asset]:
    """Yield the assets and the image by digest that both stacks have, with another content in the new one."""
    before = {(one.kind, one.name): one.digest for one in old.assets}
    for asset in new.assets:
        if before.get((asset.kind, asset.name), asset.digest) != asset.digest:
            yield asset
    digests = [sorted(found[1] for found in _OURS.findall(json.dumps(one.template))) for one in (old, new)]
    if all(digests) and digests[0] != digests[1]:
        yield Asset("image", "by digest", digests[1][0])


def _stands_for(asset: Asset) -> str:
    # Escaped as within a JSON text.
    return json.dumps(f"({asset.kind} {asset.name})")[1:-1]


def _plain(template: Template) -> Template:
    plain: Template = {}
    for section, entries in template.items():
        if section == "Metadata":
            continue
        if not isinstance(entries, dict):
            plain[section] = entries
            continue
        kept = {name: one for name, one in entries.items() if name not in _OF_THE_CDK.get(section, ())}
        if section == "Resources":
            kept = {
                name: {key: value for key, value in one.items() if key != "Metadata"}
                for name, one in kept.items()
                if one["Type"] != "AWS::CDK::Metadata"
            }
        if kept:
            plain[section] = kept
    return plain


def _replaced(value: Any, whole: dict[str, str]) -> Any:
    """Return a value in which the strings that are a key of `whole` are replaced, and so is VERSION."""
    if isinstance(value, list):
        return [_replaced(one, whole) for one in value]
    if not isinstance(value, dict):
        return whole.get(value, value) if isinstance(value, str) else value
    named = "Value" if value.get("Name") == "VERSION" else "VERSION"
    return {
        key: "(version)" if key == named and _is_version(one) else _replaced(one, whole)
        for key, one in value.items()
    }


def _is_version(value: Any) -> bool:
    return isinstance(value, str) and bool(_VERSION.fullmatch(value))

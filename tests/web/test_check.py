"""The page's types follow the API's document."""

import json
from pathlib import Path

from web.build import install
from web.check import DOCUMENT, TYPES, types_differ


def test_removed_field_changes_the_types(tmp_path: Path) -> None:
    install(dev=True)
    document = json.loads(DOCUMENT.read_text("utf-8"))
    del document["components"]["schemas"]["Report"]["properties"]["title"]
    without = tmp_path / "openapi.json"
    without.write_text(json.dumps(document), "utf-8")
    assert types_differ(without, TYPES)

"""The page names the documents that the files for importers follow."""

import re

from services.analyze.exports.layouts import LAYOUTS
from web.build import FOLDER


def test_page_names_each_layouts_source() -> None:
    text = (FOLDER / "src" / "shelf" / "layouts.ts").read_text("utf-8")
    named = dict(re.findall(r'layout: "(\w+)".*?url: "([^"]+)"', text, re.DOTALL))
    assert named.keys() == LAYOUTS.keys()
    for name, url in named.items():
        assert f"({url})" in " ".join(LAYOUTS[name].sources)

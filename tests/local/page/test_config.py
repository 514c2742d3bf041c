"""/config.json says what the page's type declares."""

import re

from local.home import REPOSITORY
from local.page.server import local_config


def test_config_has_every_declared_field() -> None:
    source = (REPOSITORY / "web" / "src" / "config.ts").read_text()
    declaration = source[source.index("export interface Config") : source.index("\n}\n")]
    declared = set(re.findall(r"^  readonly (\w+)\??:", declaration, re.MULTILINE))
    config = local_config("http://127.0.0.1:54321", "sb_publishable_local", "local", "drawn")
    assert config.keys() == declared
    assert config["api"] == "/api"
    assert config["demo_sign_in"] == {"email": "demo@vitrine.test", "password": "demo-password"}

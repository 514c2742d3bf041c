"""What `up` and `down` exclude."""

from pathlib import Path

import pytest

from cli.errors import UserError
from local.home import Home
from local.supervisor.up import exclusive


def test_two_commands_exclude_each_other(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with exclusive(home), pytest.raises(UserError, match="is using"), exclusive(home):
        pass

"""The stubbed AWS clients of the tests of ops."""

from tests.ops.conftest import client, no_account, session, stubbed

__all__ = ["client", "no_account", "session", "stubbed"]

"""Flies an archive on this machine before an endpoint does, and refuses one that would fail."""

from .command import arguments, check, run

__all__ = ["arguments", "check", "run"]

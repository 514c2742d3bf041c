"""`release`: a new archive to an environment, proven on an endpoint of its own before any user meets it."""

from ops.release.command import arguments, run

__all__ = ["arguments", "run"]

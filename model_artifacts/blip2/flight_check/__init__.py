"""Flies an archive on this machine before an endpoint does, and refuses one that would fail."""

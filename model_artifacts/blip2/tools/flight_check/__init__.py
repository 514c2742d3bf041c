"""Serves an archive on this machine as its endpoint would, and refuses one that would fail there."""

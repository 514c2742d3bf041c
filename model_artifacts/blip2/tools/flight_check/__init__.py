"""Serves an archive on this machine as its endpoint would, and refuses one that would fail there."""

from .command import flight_check

__all__ = ["flight_check"]

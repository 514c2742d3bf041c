"""Which values of PostHog count as the wanted ones."""

from typing import Any

import pytest

from ops.posthog.changes import Difference, differences


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"upper": 10.0}, {"upper": 10, "lower": None}),
        ({"lower": None}, {}),
        (
            {"axes": [{"column": "a"}]},
            {"axes": [{"column": "a", "settings": {"color": "red"}}], "version": 2},
        ),
    ],
)
def test_added_fields_are_no_difference(wanted: Any, found: Any) -> None:
    assert not list(differences(wanted, found))


@pytest.mark.parametrize(
    ("wanted", "found", "name"),
    [
        ({"bounds": {"upper": 10.0}}, {"bounds": {"upper": 11.0}}, "bounds.upper"),
        ({"bounds": {"upper": 10.0}}, {"bounds": None}, "bounds"),
        ({"lower": None}, {"lower": 3.0}, "lower"),
        ({"enabled": True}, {}, "enabled"),
        ({"enabled": True}, {"enabled": 1}, "enabled"),
        ({"axes": [{"column": "a"}]}, {"axes": [{"column": "b"}]}, "axes.0.column"),
        ({"axes": [1]}, {"axes": [1, 2]}, "axes"),
    ],
)
def test_other_value_is_a_difference(wanted: Any, found: Any, name: str) -> None:
    (difference,) = differences(wanted, found)
    assert isinstance(difference, Difference)
    assert difference.name == name

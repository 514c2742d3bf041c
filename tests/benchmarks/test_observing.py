"""How the cost of observing is judged."""

from benchmarks.observing import OFF, ON, STOPPED, compared


def test_slower_requests_are_short() -> None:
    took = {OFF: [100.0] * 200, ON: [102.0] * 200, STOPPED: [102.0] * 190 + [110.0] * 10}
    figures = {figure.name: (round(figure.value, 3), figure.met) for figure in compared(took)}
    assert figures == {
        "observing_on_percent_p50": (2.0, True),
        "observing_on_percent_p99": (2.0, True),
        "observing_stopped_percent_p50": (2.0, True),
        "observing_stopped_percent_p99": (10.0, False),
    }

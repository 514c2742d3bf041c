"""How the cost of telling PostHog is judged."""

from benchmarks.posthog import AWAY, OFF, ON, REFUSED, STALLED, STILL_OFF, compared


def test_ratio_beyond_the_noise_is_short() -> None:
    took = {
        OFF: [100.0] * 200,
        STILL_OFF: [102.0] * 200,
        ON: [101.0] * 200,
        REFUSED: [101.5] * 200,
        STALLED: [101.0] * 190 + [110.0] * 10,
        AWAY: [106.0] * 200,
    }
    figures = {figure.name: figure for figure in compared(took)}
    assert round(figures["posthog_noise_p50"].value, 3) == 1.02
    assert {name for name, figure in figures.items() if not figure.met} == {
        "posthog_stalled_ratio_p99",
        "posthog_away_ratio_p50",
        "posthog_away_ratio_p99",
    }

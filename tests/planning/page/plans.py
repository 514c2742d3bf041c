"""Made answers that use all that a chart and a table can have."""

from planning.answer import Answer, Chart, Mark, Series, Table
from planning.page.page import Plan, Section

MONTHS = tuple(float(month) for month in range(1, 25))
REGIONS = ("ca-central-1 Montréal", "us-east-1 N. Virginia", "ca-west-1 Calgary")
HOSTILE = '</title><script>alert("1")</script>&\x07'

BUCKET = Chart(
    name="bucket",
    title="Image bucket",
    alt="The bucket grows to 180 GB.",
    x_label="month",
    y_label="GB at the end of the month",
    series=(
        Series("P50 to P90", MONTHS, tuple(3 * m for m in MONTHS), "band", tuple(7 * m for m in MONTHS)),
        Series("P50", MONTHS, tuple(3 * m for m in MONTHS)),
        Series("P99", MONTHS, tuple(9 * m for m in MONTHS), "dashes"),
    ),
    marks=(Mark("x", 12, "retention reached"), Mark("y", 150, "steady state")),
)
BREAK_EVEN = Chart(
    name="break-even",
    title="Modes of the model",
    alt="Realtime pays above 30,000 reports.",
    x_label="reports a month",
    y_label="USD per 1,000 reports",
    series=(
        Series("async to zero", (1e3, 1e4, 1e5), (20.0, 5.0, 3.0)),
        Series("realtime", (1e3, 1e4, 1e5), (120.0, 15.0, 2.0)),
    ),
    x_log=True,
    y_log=True,
)
ROUND_TRIPS = Chart(
    name="round-trips",
    title="Round trips",
    alt="Montréal is the nearest.",
    x_label="region",
    y_label="ms",
    series=(Series("estimated", REGIONS, (14.0, 20.0, 33.0), "bars"),),
)
HOURS = Chart(
    name="hours",
    title="Arrivals",
    alt="Most come in the evening.",
    x_label="hour of the day",
    y_label="reports an hour",
    series=(
        Series("mean", tuple(str(hour) for hour in range(24)), tuple(map(float, range(24))), "bars"),
        Series("peak", tuple(str(hour) for hour in range(24)), tuple(map(float, range(24, 48))), "points"),
    ),
)
TABLE = Table(
    title="USD a month",
    columns=("what", "how many", "USD a month at 10,000 reports"),
    rows=(("Fargate task, 1 vCPU and 2 GB, ARM", "2", "63.41"), ("load balancer", "1", "18.07")),
    numbers=frozenset({"how many", "USD a month at 10,000 reports"}),
)
STEPS = Table("What to do", ("", "step"), (("1", "Export the list."), ("2", "Run the command.")))
QUESTIONS = {
    "where": ("Where?", ROUND_TRIPS),
    "size": ("How big?", BUCKET),
    "speed": ("How fast?", HOURS),
    "cost": ("How much?", BREAK_EVEN),
}


def plan(text: str = "Montréal", warning: str = "") -> Plan:
    """A plan of four answers, with `text` wherever a text can stand."""
    sections = (
        Section(
            name,
            question,
            (Answer(text, f"{text} it is.", (TABLE, STEPS), (chart,), (f"{text} is assumed",)),),
        )
        for name, (question, chart) in QUESTIONS.items()
    )
    return Plan(text, text, text, warning, tuple(sections), text)

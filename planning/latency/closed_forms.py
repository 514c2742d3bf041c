"""Mean seconds of requests by Erlang's formulas, to hold the simulation against.

Requests come at random and take exponential seconds; `load` is the share of the servers' time that they take.
"""


def waits(servers: int, load: float) -> float:
    """Return the probability that a request waits in M/M/c (Erlang C)."""
    offered = servers * load
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    return blocked / (1 - load * (1 - blocked))


def mean_seconds(servers: int, load: float, service_s: float = 1.0) -> float:
    """Return the mean seconds from arrival to answer in M/M/c."""
    return service_s * (1 + waits(servers, load) / (servers * (1 - load)))

"""The words of our Edge Functions' lines, by lists: a name is letters too, and no pattern tells it apart."""

import re

# The functions of supabase/functions; `message`, `outcome`, keys of `counts` and `reason` of their lines.
_FUNCTIONS = frozenset({"analyze", "report-ready"})
_MESSAGES = frozenset(
    {"analysis passed on", "event not applied", "event refused", "event taken", "lines are not sent"}
)
_OUTCOMES = frozenset({"done", "repeated", "refused", "failed"})
_COUNTS = frozenset(
    f"unsent_{reason}" for reason in ("away", "busy", "late", "refused", "throttled", "unauthenticated")
)
_REASONS = re.compile(
    "|".join(
        (
            "POST an event",
            "more than [0-9]{1,7} characters",
            "no signature that holds, or too old",
            "not an event of a report",
            "VITRINE_LOGS_URL is no https address",
            "VITRINE_LOGS_KEY is not one key of at least 32 characters",
        )
    ),
    re.ASCII,
)
# The names of JavaScript's and Deno's errors, the codes of the system and of the database's client, and a
# SQLSTATE, whose third character is a digit or a P.
_ERRORS = re.compile(
    "|".join(
        (
            "(Abort|Aggregate|Eval|Network|Postgres|Range|Reference|Syntax|Timeout|Type|URI)?Error",
            "Connection(Aborted|Refused|Reset)|BrokenPipe|Interrupted|InvalidData|NotCapable|NotConnected",
            "NotFound|PermissionDenied|TimedOut|UnexpectedEof",
            "E(AI_AGAIN|CONNABORTED|CONNREFUSED|CONNRESET|HOSTUNREACH|NETUNREACH|NOTFOUND|PIPE|TIMEDOUT)",
            "CONNECT_TIMEOUT|CONNECTION_(CLOSED|DESTROYED|ENDED)|MAX_PARAMETERS_EXCEEDED|UNDEFINED_VALUE",
            "SASL_SIGNATURE_MISMATCH",
            "[0-5][0-9A-Z][0-9P][0-9A-Z]{2}|HV0[0-9]{2}|(P0|XX|F0)00[0-9]",
        )
    ),
    re.ASCII,
)


def is_function(value: object) -> bool:
    """Return whether a value is the name of a function of ours, and so the service of its lines."""
    return isinstance(value, str) and value in _FUNCTIONS


def is_outcome(value: object) -> bool:
    """Return whether a value is an outcome in a line of ours."""
    return isinstance(value, str) and value in _OUTCOMES


def is_name_of_count(value: object) -> bool:
    """Return whether a value names one of the numbers in a line of ours."""
    return isinstance(value, str) and value in _COUNTS


def is_error(value: object) -> bool:
    """Return whether a value is the name or code of an error that others than our users have named."""
    return isinstance(value, str) and _ERRORS.fullmatch(value) is not None


def is_message(value: object) -> bool:
    """Return whether a value is the message of a line of ours."""
    return isinstance(value, str) and value in _MESSAGES


def is_reason(value: object) -> bool:
    """Return whether a value is the reason in a line of ours."""
    return isinstance(value, str) and _REASONS.fullmatch(value) is not None

"""Reads a JSON body, and says what is wrong with one that cannot be read."""

import json
from typing import Any

from services.core.domain.errors import InvalidInput

REMEDY = "Send one JSON object in UTF-8"


def read_json(body: bytes) -> Any:
    """The value that `body` holds in UTF-8, with or without a byte order mark.

    Raises InvalidInput, also for what other parsers read differently: a name that stands twice in an object,
    and numbers that JSON does not have.
    """
    try:
        return json.loads(
            body.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise InvalidInput("body", f"is not UTF-8: byte {error.start} does not fit", REMEDY) from error
    except json.JSONDecodeError as error:
        problem = f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise InvalidInput("body", problem, REMEDY) from error
    except RecursionError as error:
        raise InvalidInput("body", "is nested too deeply", REMEDY) from error
    except ValueError as error:
        # Python limits the digits of an integer.
        raise InvalidInput("body", "holds a number that is too long", REMEDY) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidInput(name[:100], "stands twice in one object", "Send it once")
        found[name] = value
    return found


def _refuse_constant(name: str) -> None:
    raise InvalidInput("body", f"holds {name}, which is not JSON", REMEDY)

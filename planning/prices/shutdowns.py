"""When OpenAI shuts its models down, by its list of models."""

from collections.abc import Mapping
from datetime import date

import httpx2
from pydantic import BaseModel, ValidationError

from planning.prices.sources import AwayError

OPENAI = "https://api.openai.com/v1"
_PATIENCE_S = 20.0


class _Model(BaseModel):
    id: str
    shutdown_date: date | None = None


class _Models(BaseModel):
    data: list[_Model]


def shutdown_dates(key: str, base_url: str = OPENAI) -> Mapping[str, date | None]:
    """Return each model that the key may use, and its last day where one is announced.

    Raises AwayError, which does not contain the key.
    """
    url = f"{base_url.rstrip('/')}/models"
    try:
        answer = httpx2.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=_PATIENCE_S)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise AwayError(f"{url} does not answer: {type(error).__name__}") from error
    except ValueError as error:  # a key that no header can hold
        raise AwayError("the API key is not one: it has characters that a header cannot have") from error
    if answer.status_code != 200:
        why = {401: ": it does not accept the API key", 429: ": too many requests"}.get(
            answer.status_code, ""
        )
        raise AwayError(f"{url} answers {answer.status_code}{why}")
    try:
        models = _Models.model_validate_json(answer.content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "its JSON"
        raise AwayError(f"{url} does not answer as documented: {where}: {first['msg']}") from error
    return {one.id: one.shutdown_date for one in models.data}

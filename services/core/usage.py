"""What a call of an LLM used: its tokens, their price, and how the call went."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field

# Far more than an answer to any of our requests has.
MAX_TOKENS = 100_000
_Tokens = Annotated[int, Field(strict=True, ge=0, le=MAX_TOKENS)]


@dataclass(frozen=True)
class TokenPrices:
    """Prices in USD of a million tokens; `cached_input` is of those that the provider had read before."""

    input: float
    cached_input: float
    output: float


class Usage(BaseModel):
    """The billed tokens of a request; `cached_tokens` are those of the prompt that come from a cache."""

    prompt_tokens: _Tokens
    completion_tokens: _Tokens
    cached_tokens: _Tokens = 0

    def usd(self, prices: TokenPrices) -> float:
        """The price of the request."""
        read = self.prompt_tokens - self.cached_tokens
        return (
            read * prices.input
            + self.cached_tokens * prices.cached_input
            + self.completion_tokens * prices.output
        ) / 1_000_000


@dataclass(frozen=True)
class LlmCall:
    """How a call of the LLM went, its retries included.

    `latency_s` is in seconds. `status` is the HTTP status of the last answer, None if none came. `usage` is
    None if the LLM did not say what it billed. A call has `failed` if its answer gave no text at all.
    """

    llm: str
    latency_s: float
    status: int | None
    usage: Usage | None
    failed: bool

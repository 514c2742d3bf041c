"""The price of tokens."""

import pytest

from services.core.usage import TokenPrices, Usage


def test_cached_tokens_have_their_own_price() -> None:
    usage = Usage(prompt_tokens=1200, completion_tokens=100, cached_tokens=1000)
    # 200 at 0.10, 1,000 at 0.01 and 100 at 0.50 USD a million.
    assert usage.usd(TokenPrices(0.10, 0.01, 0.50)) == pytest.approx(80e-6)

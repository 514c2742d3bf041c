"""The Authorization header: which spellings are read, and the reason for each that is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.auth.bearer import bearer_token
from services.core.domain.errors import InvalidToken

TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   ", " Bearer "])
def test_spellings_of_the_scheme(scheme: str) -> None:
    assert bearer_token(f"{scheme}{TOKEN} ") == TOKEN


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "no access token"),
        (" ", "no access token"),
        ("Bearer", "holds no token"),
        ("Bearer ", "holds no token"),
        (TOKEN, "without its scheme"),
        ("Basic dXNlcjpwYXNz", "not of the scheme Bearer"),
        (f"Token {TOKEN}", "not of the scheme Bearer"),
        (f"Bearer Bearer {TOKEN}", "Bearer twice"),
        (f"Bearer bearer{TOKEN}", "Bearer twice"),
        (f'Bearer "{TOKEN}"', "in quotes"),
        (f"Bearer '{TOKEN}'", "in quotes"),
        (f"Bearer <{TOKEN}>", "in quotes or brackets"),
        (f"Bearer {TOKEN},Bearer {TOKEN}", "more than one Authorization header"),
        (f"Bearer {TOKEN[:9]} {TOKEN[9:]}", "white space"),
        (f"Bearer {TOKEN[:9]}\t{TOKEN[9:]}", "white space"),
        ("Bearer undefined", "empty variable"),
        ("Bearer null", "empty variable"),
        ("Bearer [object Object]", "empty variable"),
        (f"Bearer {TOKEN}é", "no token has"),
        (f"Bearer\t{TOKEN}", "not of the scheme"),
    ],
)
def test_wrong_header_has_a_reason(header: str, reason: str) -> None:
    with pytest.raises(InvalidToken, match=reason) as caught:
        bearer_token(header)
    assert TOKEN[:9] not in str(caught.value)


@given(st.text())
def test_any_header_is_read_or_refused(header: str) -> None:
    try:
        assert bearer_token(header).isascii()
    except InvalidToken as refused:
        assert str(refused)

"""The page's security headers, as the stack and the local server get them."""

import pytest

from web.headers import security_headers

ORIGINS = {"api": "", "photos": "https://photos.example", "supabase": "https://project.example"}


def test_policy_names_the_origins() -> None:
    policy = dict(
        directive.split(" ", 1)
        for directive in security_headers(ORIGINS)["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["img-src"].split() == ["'self'", "blob:", "https://photos.example"]
    assert policy["connect-src"].split() == ["'self'", "https://project.example", "https://photos.example"]
    assert policy["frame-ancestors"] == "'none'"


def test_api_elsewhere_is_admitted() -> None:
    policy = security_headers({**ORIGINS, "api": "https://api.example"})["content-security-policy"]
    assert "connect-src 'self' https://api.example " in policy


def test_missing_origin_is_an_error() -> None:
    with pytest.raises(KeyError, match="supabase"):
        security_headers({"api": "", "photos": "https://photos.example"})

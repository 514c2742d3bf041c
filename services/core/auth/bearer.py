"""The access token of an Authorization header, read the same way by the gateway and by the service."""

import re

from services.core.domain.errors import InvalidToken

# RFC 6750: the characters of a token. A JWT has no others.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
# What a page's code turns into text when it has no session.
_NO_SESSION = ("undefined", "null", "none", "[object object]", "nan", "false")


def bearer_token(header: str) -> str:
    """Return the token of a header `Bearer <token>`, with any number of spaces between the two.

    Raises InvalidToken, which says what is wrong with the header and does not quote it.
    """
    scheme, _, rest = header.strip(" ").partition(" ")
    token = rest.strip(" ")
    if not header.strip(" "):
        raise InvalidToken("no access token; send `Authorization: Bearer <token>`")
    if scheme.lower() != "bearer":
        if scheme.count(".") == 2 and not token and "\t" not in scheme:
            raise InvalidToken("the header holds a token without its scheme; put `Bearer ` before it")
        raise InvalidToken("the Authorization header is not of the scheme Bearer")
    if not token:
        raise InvalidToken("the Authorization header says Bearer and holds no token")
    if token.lower() in _NO_SESSION:
        raise InvalidToken("the header holds the text of an empty variable, not a token; sign in first")
    if token.lower().startswith("bearer"):
        raise InvalidToken("the Authorization header says Bearer twice")
    if token[0] in "\"'`<" or token[-1] in "\"'`>":
        raise InvalidToken("the token is in quotes or brackets; send it without them")
    if "," in token:
        raise InvalidToken("there is more than one Authorization header, or a comma in the token")
    if any(letter.isspace() for letter in token):
        raise InvalidToken("there is white space in the token; was it cut or pasted with a line break?")
    if not _TOKEN.fullmatch(token):
        raise InvalidToken("the token is malformed: it has characters that no token has")
    return token

"""Personal data that the drill plants in log events, in forms that no real person has, and finds again."""

import base64
import json
import random
import re
from dataclasses import dataclass
from functools import cached_property

FIRST_NAMES = ("anna", "tomás", "wei", "olga", "samir", "zoë")
SURNAME = "Quillfeather"
DOMAIN = "planted.example"
# Reserved for documentation: no real host or subscriber has them.
IPV4_NETS = ("203.0.113", "198.51.100")
# A cut text may hold the start of an address, which begins with the surname.
PLANTED = re.compile(
    rf"{SURNAME}|{re.escape(DOMAIN)}|\+1[ -]?604[ -]?555[ -]?\d{{4}}|2001:db8:|eyJhbGci"
    r"|411111604555\d{4}|(?<![\d.])(?:203\.0\.113|198\.51\.100)\.\d",
    re.IGNORECASE,
)
# One of them is in each of these forms. The expression alone takes ten times as long.
_NEEDLES = (
    SURNAME.lower(),
    DOMAIN,
    "+1604",
    "+1 604",
    "+1-604",
    "411111604555",
    "2001:db8:",
    "eyjhbgci",
    *IPV4_NETS,
)


def found(text: str) -> str | None:
    """Return the first planted datum in a text, with what surrounds it; None if there is none."""
    lower = text.lower()
    if not any(needle in lower for needle in _NEEDLES):
        return None
    match = PLANTED.search(text)
    return None if match is None else text[max(0, match.start() - 40) : match.end() + 20]


@dataclass(frozen=True)
class Person:
    """A user of the project, drawn by a seed."""

    chance: random.Random

    @cached_property
    def number(self) -> int:
        """Tells users apart."""
        return self.chance.randrange(10_000)

    @property
    def name(self) -> str:
        """First name and surname."""
        return f"{FIRST_NAMES[self.number % len(FIRST_NAMES)].title()} {SURNAME}"

    @property
    def email(self) -> str:
        """The address that `auth_logs` have."""
        return f"{SURNAME.lower()}.{self.number}@{DOMAIN}"

    @property
    def phone(self) -> str:
        """A phone number, with or without blanks."""
        pattern = "+1604555{:04}" if self.number % 2 else "+1 604 555 {:04}"
        return pattern.format(self.number)

    @property
    def word(self) -> str:
        """The name in the form of a word of a log line, or of a code."""
        first, form = FIRST_NAMES[self.number % len(FIRST_NAMES)], self.number % 4
        return (
            f"{first}-{SURNAME.lower()}",
            f"{first}_{SURNAME.lower()}",
            f"{first}_{SURNAME}".upper(),
            f"{SURNAME}Error",
        )[form]

    @property
    def card(self) -> str:
        """The number of a card, which has the form of a span's id."""
        return f"411111604555{self.number:04}"

    @property
    def address(self) -> str:
        """An IPv4 or IPv6 address."""
        if self.number % 4 == 0:
            return f"2001:db8:{self.number:x}::1"
        return f"{IPV4_NETS[self.number % 2]}.{self.number % 256}"

    @property
    def token(self) -> str:
        """An access token, unsigned."""
        parts = ({"alg": "HS256", "typ": "JWT"}, {"email": self.email, "phone": self.phone})
        encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        return ".".join((*encoded, "c2lnbmVk")).replace(" ", "")

    def said(self) -> str:
        """Return a sentence of a careless function that holds some of it."""
        return self.chance.choice(
            (
                f"user {self.email} signed in from {self.address}",
                f"sms to {self.phone} failed for {self.name}",
                f"GET /functions/v1/analyze?email={self.email.replace('@', '%40')}&ip={self.address}",
                f"Authorization: Bearer {self.token}",
                f'{{"user": "{self.email}", "phone": "{self.phone}", "level": "INFO"}}',
            )
        )

    def datum(self) -> str:
        """Return one datum."""
        return self.chance.choice((self.name, self.email, self.phone, self.address, self.token))

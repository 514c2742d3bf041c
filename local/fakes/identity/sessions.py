"""Sessions and their refresh tokens, which rotate as those of Supabase Auth do."""

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

# Supabase's default: clients that refresh at the same time, as two tabs do, all get the newest token.
REUSE_INTERVAL_S = 10.0


class UnknownTokenError(Exception):
    """No session has this refresh token: it was never issued, or its session has ended."""


class ReusedTokenError(Exception):
    """A refresh token was used after two newer ones were issued; its session has ended."""


@dataclass
class Session:
    """One sign-in of a user; the last of `tokens` is the valid one."""

    email: str
    tokens: list[str]
    refreshed_at: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def refresh_token(self) -> str:
        """The newest refresh token."""
        return self.tokens[-1]


class Sessions:
    """All sessions; they are kept in memory."""

    def __init__(
        self, reuse_interval_s: float = REUSE_INTERVAL_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reuse_interval_s = reuse_interval_s
        self._clock = clock
        self._by_id: dict[str, Session] = {}
        self._by_token: dict[str, Session] = {}

    def begin(self, email: str) -> Session:
        """Return a new session of a user."""
        session = Session(email, [], self._clock())
        self._by_id[session.id] = session
        self._issue(session)
        return session

    def find(self, identifier: str) -> Session | None:
        """Return a session by its id; None if it has ended."""
        return self._by_id.get(identifier)

    def refresh(self, token: str) -> Session:
        """Return the session of a refresh token, with a new token.

        The token before the newest is valid too: its client may not have received the newest. So is any older
        one within the reuse interval. Both get the newest token, not another. Raises UnknownTokenError, and
        ReusedTokenError for an old token after the interval, which ends the session.
        """
        session = self._by_token.get(token)
        if session is None:
            raise UnknownTokenError
        behind = len(session.tokens) - 1 - session.tokens.index(token)
        if behind == 0:
            self._issue(session)
        elif behind > 1 and self._clock() - session.refreshed_at >= self._reuse_interval_s:
            self._end(session)
            raise ReusedTokenError
        session.refreshed_at = self._clock()
        return session

    def sign_out(self, session: Session, scope: str) -> None:
        """End this session ("local"), all of its user ("global"), or all of its user but this ("others")."""
        of_user = [other for other in self._by_id.values() if other.email == session.email]
        for other in [session] if scope == "local" else of_user:
            if scope != "others" or other is not session:
                self._end(other)

    def _issue(self, session: Session) -> None:
        token = secrets.token_urlsafe(16)
        session.tokens.append(token)
        self._by_token[token] = session

    def _end(self, session: Session) -> None:
        del self._by_id[session.id]
        for token in session.tokens:
            del self._by_token[token]

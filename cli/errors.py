"""The one error of the commands: what went wrong, and what to do about it."""


class UserError(Exception):
    """A command failed for a reason that its caller can act on.

    `str()` is one sentence of what happened; `hint` says what to do; `details` holds log lines, newest last.
    """

    def __init__(self, message: str, *, hint: str = "", details: list[str] | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.details = details or []

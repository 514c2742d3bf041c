"""The one error of the delivery commands: what went wrong, and what a person can do about it."""


class DeliveryError(Exception):
    """A command failed for a reason that its caller can act on; `cure` says how."""

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(message)
        self.cure = cure

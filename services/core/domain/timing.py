"""How long the steps of a report may take, in one place, since each bound rests on others."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Durations in seconds. The drill hands in shorter ones.

    - `lease_s` is longer than a model call and the longest narration after it. A holder that has less than
      half of it left renews it before it calls the fallback LLM or the narrator.
    - The message that follows a request is due after the request's time budget (10 to 25 s) plus
      `takeover_s`: by then the request's own lease has ended, or is about to.
    - `sweep_idle_s` is longer than a budget, `takeover_s` and `lease_s` together: the sweep finds only
      reports that lost their message.
    - A request is accepted within `accept_within_s` of its arrival, or refused: the gateway waits 30 s. The
      longest wait for a report (25 s) counts from the arrival too.
    - A job that must be retried pauses for `first_retry_s`, twice as long each time, up to `longest_retry_s`:
      SQS allows at most 900 s in a delay, and the sweep continues after the last attempt.
    - `webhook_pauses_s` add up to almost a day. The queue's maxReceiveCount is higher than their number.
    """

    lease_s: int = 90
    model_s: float = 60.0
    narrate_in_request_s: float = 6.0
    narrate_in_job_s: float = 15.0
    fallback_s: float = 30.0
    accept_within_s: float = 24.0
    takeover_s: int = 70
    model_retry_s: int = 10
    first_retry_s: int = 15
    longest_retry_s: int = 900
    sweep_idle_s: int = 240
    webhook_pauses_s: tuple[int, ...] = (10, 30, 120, 600, 1800, 3600, 7200, 14_400, 21_600, 36_000)

    def __post_init__(self) -> None:
        """Raise ValueError if a worker could lose its lease while it works as it should."""
        if self.model_s + max(self.narrate_in_request_s, self.narrate_in_job_s) >= self.lease_s:
            raise ValueError("lease_s must be longer than a model call and the narration after it")

    @property
    def clean_up_s(self) -> int:
        """How long after an erasure no worker can still hold the report."""
        return 3 * self.lease_s

    def retry_pause_s(self, attempt: int) -> int:
        """How long to pause after the nth attempt, from 1."""
        pause: int = self.first_retry_s * 2 ** (attempt - 1)
        return min(pause, self.longest_retry_s)


PRODUCTION = Timing()

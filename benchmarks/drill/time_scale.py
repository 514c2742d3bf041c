"""The drill's durations: steps that take minutes in AWS, scaled to seconds in the same order."""

from services.core.domain.timing import Timing

HURRIED = Timing(
    lease_s=10,
    model_s=3,
    narrate_in_request_s=3,
    narrate_in_job_s=3,
    takeover_s=-1,  # after a budget of 10 s, the shortest that there is
    model_retry_s=1,
    first_retry_s=1,
    longest_retry_s=6,
    sweep_idle_s=15,
    webhook_pauses_s=(1, 1, 2, 3, 4, *[5] * 40),
)
SWEEP_EVERY_S = 5.0
JOBS_VISIBILITY_S, WEBHOOK_VISIBILITY_S, HOOKS_VISIBILITY_S = 14, 14, 14
# Between the attempts of the hooks worker.
HOOKS_PAUSES_S = (1, 2, 4, 6)
# The database repeats a webhook after 2, 4, 8 … minutes, looked for every minute; here, in seconds.
DATABASE_TICK_S, DATABASE_TIMES_FASTER = 2.0, 20.0

"""What takes minutes in AWS, in seconds: the same order of times, so that a drill sees all of them pass."""

from importlib import import_module

# Every lease is still longer than what is done under it, every reminder later than the work it is for.
LEASE_S = 10
WITHIN_S = 3
_TIMES: dict[str, object] = {
    "services.core.storage.leases.LEASE_S": LEASE_S,
    "services.core.pipeline.report_processor.LEASE_S": LEASE_S,
    "services.core.pipeline.wiring.MODEL_WITHIN_S": WITHIN_S,
    "services.core.pipeline.report_service.TAKE_OVER_S": -1,  # after a budget of 10 s, the least there is
    "services.core.pipeline.report_service.TRY_AGAIN_S": 1,
    "services.analyze.dependencies.NARRATE_WITHIN_S": WITHIN_S,
    "services.results.jobs.NARRATE_WITHIN_S": WITHIN_S,
    "services.results.jobs.FIRST_PAUSE_S": 1,
    "services.results.jobs.LONGEST_PAUSE_S": 6,
    "services.results.sweep.sweep.__defaults__": (15,),
    "services.results.notify.PAUSES_S": (1, 1, 2, 3, 4, *[5] * 40),
}
SWEEP_EVERY_S = 5.0
JOBS_VISIBILITY_S, WEBHOOK_VISIBILITY_S = 14, 14


def hasten(*packages: str) -> None:
    """Shorten the times of this process's `packages`; raises AttributeError for one that is gone."""
    for name, value in _TIMES.items():
        if not name.startswith(packages):
            continue
        path = name.split(".")
        owner: object = import_module(".".join(path[:3]))
        for step in path[3:-1]:
            owner = getattr(owner, step)
        getattr(owner, path[-1])
        setattr(owner, path[-1], value)

"""How far an unfinished report is, as its row tells."""

from typing import Any

from services.core.domain.observation import PendingInference
from services.core.domain.report import Stage, Status, WaitingCode

_PENDING = "the vision model was asked; an endpoint that sleeps takes some minutes to wake"


def progress(row: dict[str, Any], pending: PendingInference | None, *, held: bool) -> dict[str, Any]:
    """The fields that say how far an unfinished report is; `held`: a worker has it now."""
    stage: Stage = row.get("stage", "model") if held else "model"
    if stage == "narrate":
        return {"status": Status.RUNNING, "stage": stage}
    if pending is not None:
        waiting = {"waiting": _PENDING, "waiting_code": "model_pending"}
        return {"status": Status.RUNNING, "stage": stage, **waiting}
    if held:
        return {"status": Status.RUNNING, "stage": stage}
    why = row.get("waiting")
    code: WaitingCode | None = "model_unavailable" if why is not None and "fault" in row else None
    begun = why is not None or "lease" in row or "stage" in row
    return {
        "status": Status.QUEUED,
        "stage": stage if begun else "accept",
        "waiting": why,
        "waiting_code": code,
    }

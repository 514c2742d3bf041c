"""Signs in, posts photos of one thing and prints the report's title, description and condition.

    pip install httpx2
    python examples/python/report.py PHOTO…

VITRINE_API_URL, SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY are outputs of the stacks (`python -m local
outputs` on the local system); EMAIL and PASSWORD are a user's.
"""

import os
import sys
import uuid
from pathlib import Path

import httpx2


def main(photos: list[Path]) -> None:
    """Print the report of the photos; exit with the service's own words if it refuses them."""
    api = httpx2.Client(base_url=os.environ["VITRINE_API_URL"], timeout=35)
    api.headers["Authorization"] = f"Bearer {access_token()}"
    answer = api.post(
        "/analyze",
        files=[("images", (photo.name, photo.read_bytes())) for photo in photos],
        # The same key again gives the same report: safe to repeat after a lost connection.
        headers={"Idempotency-Key": str(uuid.uuid4()), "Prefer": "wait=20"},
    )
    report = checked(answer)
    # 202: the report is not ready yet. Ask again; each request waits up to 20 s.
    while report["status"] in ("queued", "running"):
        report = checked(api.get(f"/reports/{report['id']}", headers={"Prefer": "wait=20"}))
    if report["status"] == "failed":
        sys.exit(f"failed: {report['failure']['reason']}")
    condition = report["condition"]
    print(report["title"], report["description"], sep="\n\n")  # noqa: T201 - what the example is for
    print(f"\ncondition: {condition['grade'] or 'not assessed'}, score: {condition['score']}")  # noqa: T201


def access_token() -> str:
    """Return an access token of the user."""
    answer = httpx2.post(
        f"{os.environ['SUPABASE_URL']}/auth/v1/token",
        params={"grant_type": "password"},
        headers={"apikey": os.environ["SUPABASE_PUBLISHABLE_KEY"]},
        json={"email": os.environ["EMAIL"], "password": os.environ["PASSWORD"]},
    )
    return str(checked(answer)["access_token"])


def checked(answer: httpx2.Response) -> dict:
    """Return an answer's JSON; exit with its problem where it is an error."""
    body = answer.json()
    if answer.is_error:
        said = body.get("detail") or body.get("msg") or body
        sys.exit(f"{answer.status_code}: {said} {body.get('remedy') or ''}")
    return body


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or sys.exit("usage: report.py PHOTO…"))

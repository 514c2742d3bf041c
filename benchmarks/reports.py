"""`python -m benchmarks.reports`: reports of held-out drawn goods, and refusals of hostile uploads.

Requests go through the gateway, and the local LLM writes the text. Starts the local system if it is not up,
and leaves it running.
"""

import argparse
import json
import subprocess
import sys
import time
from io import BytesIO
from statistics import median
from typing import Any

import httpx2
import jsonschema
import psutil

from benchmarks.figures import FIGURES, Figure, keep, say, show
from benchmarks.hostile_uploads import uploads
from benchmarks.process_tree import ProcessTree
from local.demo.command import sign_in
from local.home import REPOSITORY, Home
from local.supervisor import processes
from local.supervisor.account import stack_outputs
from model_artifacts.blip2_demo.drawing.drawing import Drawing, draw
from model_artifacts.blip2_demo.training.evaluate import HELD_OUT, TWENTY

COUNT = 50
SIZE = (1024, 768)


def main() -> None:
    """Measure, print one line per figure, keep the run in docs/figures/reports.json."""
    argparse.ArgumentParser(prog="python -m benchmarks.reports", description=__doc__).parse_args()
    subprocess.run([sys.executable, "-m", "local", "up"], check=True, cwd=REPOSITORY)
    home = Home.current()
    outputs = stack_outputs(home)
    # A new user for each run, because earlier runs use up their user's quota.
    user = f"bench-{int(time.time())}"
    token = sign_in(outputs["SupabaseUrl"], outputs["SupabasePublishableKey"], user)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(trust_env=False, timeout=60) as client:
        reports = [
            _report(client, outputs["ApiUrl"], headers, seed)
            for seed in (*TWENTY, *range(HELD_OUT, HELD_OUT + COUNT - len(TWENTY)))
        ]
        service = processes.records(home)["service"]
        refusals = _refusals(client, f"http://127.0.0.1:{service.port}", headers, service.pid)
    twenty = reports[: len(TWENTY)]
    figures = [
        Figure("type_right_of_20", sum(row["type_right"] for row in twenty), at_least=16),
        Figure("material_right_of_20", sum(row["material_right"] for row in twenty), at_least=13),
        Figure("valid_reports_of_50", sum(row["valid"] for row in reports), at_least=COUNT),
        Figure("worded_by_llm_of_50", sum(row["narrative"] != "template" for row in reports), at_least=40),
        Figure("report_seconds_p50", median(row["seconds"] for row in reports), at_most=10),
        Figure("hostile_refused_rightly", sum(row["right"] for row in refusals), at_least=len(refusals)),
        Figure("hostile_slowest_seconds", max(row["seconds"] for row in refusals), at_most=1),
        Figure("hostile_memory_moved_mb", max(abs(row["moved_mb"]) for row in refusals), at_most=100),
    ]
    keep(FIGURES / "reports.json", figures, {"reports": reports, "refusals": refusals})
    show(figures)


def _report(client: httpx2.Client, url: str, headers: dict[str, str], seed: int) -> dict[str, Any]:
    drawing = draw(seed, SIZE, aspect=SIZE[0] / SIZE[1])
    begun = time.perf_counter()
    answer = client.post(f"{url}/analyze", headers=headers, files={"images": _jpeg(drawing)})
    seconds = round(time.perf_counter() - begun, 2)
    answer.raise_for_status()
    report = answer.json()
    product = report["product"]
    say(f"{seed}: {drawing.caption} → {report['title']} ({report['narrative']}, {seconds} s)")
    return {
        "seed": seed,
        "drawn": drawing.caption,
        "title": report["title"],
        "narrative": report["narrative"],
        "type_right": product["type"] == drawing.type,
        "material_right": product["material"] == drawing.material,
        "wear_drawn": drawing.wear,
        "wear_found": [wear["tag"] for wear in report["condition"]["wear"]],
        "valid": _is_valid(report),
        "seconds": seconds,
    }


def _is_valid(report: dict[str, Any]) -> bool:
    document = json.loads((REPOSITORY / "docs" / "openapi.json").read_text("utf-8"))
    schema = {"$ref": "#/components/schemas/Report", "components": document["components"]}
    return bool(jsonschema.Draft202012Validator(schema).is_valid(report))


def _refusals(client: httpx2.Client, url: str, headers: dict[str, str], pid: int) -> list[dict[str, Any]]:
    process = psutil.Process(pid)
    rows = []
    for upload in uploads():
        before = process.memory_info().rss
        begun = time.perf_counter()
        with ProcessTree(pid).peak_memory() as peak:
            answer = upload.post(client, url, headers)
        seconds = round(time.perf_counter() - begun, 3)
        moved = round(peak.process_mb - before / 1e6, 1)
        problem = answer.headers.get("content-type") == "application/problem+json"
        say(f"{upload.name} → {answer.status_code} in {seconds} s, memory {moved:+} MB at its peak")
        right = problem and answer.status_code == upload.status
        rows.append({"name": upload.name, "right": right, "seconds": seconds, "moved_mb": moved})
    return rows


def _jpeg(drawing: Drawing) -> bytes:
    out = BytesIO()
    drawing.image.save(out, "JPEG", quality=90)
    return out.getvalue()


if __name__ == "__main__":
    main()

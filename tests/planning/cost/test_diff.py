"""What a change costs, read from two folders of assemblies."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from planning.cost.commands import cost
from planning.cost.diff import cost_diff
from planning.errors import PlanningError, UnpricedResourceError
from planning.synthesis import templates
from settings.environment import Environment, load_environment

TODAY = date(2026, 11, 27)


def write(settings: Environment, folder: Path, declared: Environment | None = None) -> Path:
    """Write an assembly as the CDK app does: the templates, and the settings beside them."""
    folder.mkdir(parents=True)
    for number, template in enumerate(templates(declared or settings)):
        (folder / f"stack-{number}.template.json").write_text(json.dumps(template))
    (folder / "settings.json").write_text(settings.model_dump_json(exclude={"log_user_key"}))
    return folder


def prod(**changes: Any) -> Environment:
    return load_environment("prod").model_copy(update=changes)


def lines(answer: Any, environment: int = 0) -> dict[str, float]:
    data = answer.data["environments"][environment]
    return {line["what"]: line["usd_month_after"] - line["usd_month_before"] for line in data["lines"]}


def test_written_settings_are_read(tmp_path: Path) -> None:
    from stacks.app import synthesize

    synthesize(prod(log_user_key="c" * 64), tmp_path / "new", notices=False)
    assert "c" * 64 not in (tmp_path / "new" / "settings.json").read_text("utf-8")
    old = write(prod(), tmp_path / "old")
    assert cost_diff(old, tmp_path / "new", today=TODAY).lead == "prod costs the same."


def test_change_is_its_lines(tmp_path: Path) -> None:
    # What is larger is synthesized: the task's size comes from the template.
    old = write(prod(), tmp_path / "old")
    size = prod().service.model_copy(update={"min_tasks": 3})
    new = write(prod(service=size, log_retention_days=365), tmp_path / "new", declared=prod())
    answer = cost_diff(old, new, today=TODAY)
    found = lines(answer)
    assert found.keys() == {"Fargate task, 1 vCPU and 2 GB, ARM", "public IPv4 address", "logs, GB kept"}
    assert found["public IPv4 address"] == pytest.approx(3.65)
    assert answer.data["environments"][0]["idle_usd_month_change"] == pytest.approx(  # type: ignore[index,call-overload]
        found["Fargate task, 1 vCPU and 2 GB, ARM"] + 3.65
    )
    (table,) = answer.tables
    assert table.rows[0][0] == "Fargate task, 1 vCPU and 2 GB, ARM"
    assert table.rows[0][-1] == ""  # no report changes it
    assert [row[0] for row in table.rows[-2:]] == ["in all", "without a request"]
    assert answer.lead.startswith("prod: +35.")


def test_folder_may_hold_several_environments(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        write(load_environment(name), tmp_path / "new" / name)
    write(load_environment("prod"), tmp_path / "old" / "prod")
    write(load_environment("local"), tmp_path / "new" / "local")
    answer = cost_diff(tmp_path / "old", tmp_path / "new", today=TODAY)
    assert [one["environment"] for one in answer.data["environments"]] == ["dev", "prod"]  # type: ignore[union-attr,index,call-overload]
    # A new environment costs all that it costs; the emulator nothing.
    assert answer.lead.startswith("dev: +")
    assert answer.lead.endswith("prod costs the same.")
    assert lines(answer)["load balancer"] == pytest.approx(0.02475 * 730, rel=0.2)


def test_notes_are_of_the_lines_that_change(tmp_path: Path) -> None:
    old = write(prod(), tmp_path / "old")
    new = write(prod(log_retention_days=365), tmp_path / "new", declared=prod())
    notes = " ".join(cost_diff(old, new, today=date(2036, 1, 1)).notes)
    assert "logs_storage" in notes
    assert "load_balancer" not in notes


def test_folder_without_assembly_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanningError, match="holds no assembly of the CDK") as caught:
        cost_diff(tmp_path, tmp_path)
    assert "make synth" in str(caught.value.hint)


def test_templates_without_settings_are_refused(tmp_path: Path) -> None:
    folder = write(prod(), tmp_path / "old")
    (folder / "settings.json").unlink()
    with pytest.raises(PlanningError, match=r"settings.json: there is no such file"):
        cost_diff(folder, folder)


@pytest.mark.parametrize(
    ("key", "given", "words"), [("retention_days", "soon", "retention_days"), ("speed", 3, "speed")]
)
def test_settings_of_another_form_are_named(tmp_path: Path, key: str, given: Any, words: str) -> None:
    folder = write(prod(), tmp_path / "old")
    values = json.loads((folder / "settings.json").read_text())
    (folder / "settings.json").write_text(json.dumps(values | {key: given}))
    with pytest.raises(PlanningError, match=f"settings.json: {words}: "):
        cost_diff(folder, folder)


def test_settings_of_another_commit_are_filled_up(tmp_path: Path) -> None:
    new, old = write(prod(), tmp_path / "new"), write(prod(), tmp_path / "old")
    values = json.loads((old / "settings.json").read_text())
    del values["retention_days"], values["model"]["max_instances"]
    (old / "settings.json").write_text(json.dumps(values | {"forgotten": 3, "log_retention_days": 30}))
    answer = cost_diff(old, new, today=TODAY)
    assert lines(answer).keys() == {"logs, GB kept"}
    keys = "forgotten, log_user_key, model.max_instances, retention_days"
    assert answer.notes[0].endswith(f"settings of another form: {keys} as in the new ones")


def test_broken_template_is_named(tmp_path: Path) -> None:
    folder = write(prod(), tmp_path / "old")
    (folder / "stack-0.template.json").write_text("{")
    with pytest.raises(PlanningError, match="cannot be read"):
        cost_diff(folder, folder)


def test_unknown_type_stops_with_its_name(tmp_path: Path) -> None:
    folder = write(prod(), tmp_path / "old")
    new = tmp_path / "new"
    shutil.copytree(folder, new)
    queue = {"Resources": {"A": {"Type": "AWS::Kinesis::Stream"}}}
    (new / "more.template.json").write_text(json.dumps(queue))
    with pytest.raises(UnpricedResourceError, match="AWS::Kinesis::Stream has no idle price"):
        cost_diff(folder, new)


def test_command_prints_json(tmp_path: Path) -> None:
    old = write(prod(), tmp_path / "old")
    done = CliRunner().invoke(cost, ["diff", str(old), str(old), "--json", "--reports", "500"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["reports_month"] == 500
    assert json.loads(done.output)["environments"][0]["lines"] == []

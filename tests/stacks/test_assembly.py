"""The synthesis of an environment: outputs, names, tags, reproducible files, and a clean lint."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from ops.doctor.account import BOOTSTRAP_VERSION
from settings.delivery import DEPLOYING
from settings.environment import Environment, SettingsError, load_environment
from settings.naming import stack_name
from stacks import __main__ as command
from stacks import app
from stacks.app import ROOT, synthesize
from stacks.checks.lint import lint
from tests.stacks.assemblies import Assembly

OUTPUTS = {
    "storage": {"ImageBucket", "ImageKey", "ArtifactBucket", "ReportsTable", "ImageRepository"},
    "model": {"CanaryRoleArn", "ModelArtifact"},
    "analyze": {"LoadBalancer", "ServiceCluster", "ServiceName"},
    "results": {
        *("JobsQueue", "JobsDeadLetters", "WebhookQueue", "WebhookDeadLetters"),
        *("ExchangeBucket", "ExchangeKey", "SuccessTopic", "ErrorTopic"),
    },
    "hooks": {"HooksQueue", "HooksDeadLetters"},
    "gateway": {"ApiId", "ApiUrl", "Region", "ModelEndpoint", "SupabaseUrl", "SupabasePublishableKey"},
    "observability": set[str](),
    "web": {"PageUrl"},
    "delivery": {"DeployRoleArn", "LookupRoleArn"},
    "studio": {"StudioDomainId", "StudioModelRole", "StudioUrl", "StudioUser"},
}


# Where the API takes Edge logs.
OF_EDGE_LOGS = {"hooks": {"EdgeLogGroup", "LogsQueue", "LogsDeadLetters"}}


def manifest(assembly: Assembly) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((assembly.folder / "manifest.json").read_text())
    return found


def outputs(assembly: Assembly, stack: str) -> dict[str, dict[str, Any]]:
    """Return a stack's outputs except its exports for other stacks."""
    found = assembly.template(stack).get("Outputs", {})
    return {name: output for name, output in found.items() if "Export" not in output}


def test_outputs_have_stable_names(assembly: Assembly) -> None:
    assert {stack: set(outputs(assembly, stack)) for stack in assembly.stacks} == {
        stack: names | (OF_EDGE_LOGS.get(stack, set()) if assembly.settings.has_edge_logs() else set())
        for stack, names in OUTPUTS.items()
        if stack in assembly.stacks
    }


@pytest.mark.parametrize("stack", OUTPUTS)
def test_every_output_has_a_parameter(assembly: Assembly, stack: str) -> None:
    if stack not in assembly.stacks:
        return
    values = [output["Value"] for output in outputs(assembly, stack).values()]
    parameters = {
        parameter["Properties"]["Name"]: parameter["Properties"]["Value"]
        for parameter in assembly.resources(stack, "SSM::Parameter").values()
    }
    prefix = f"/vitrine/{assembly.settings.name}/"
    assert len(parameters) == len(values)
    assert all(name.startswith(prefix) for name in parameters)
    assert sorted(map(str, parameters.values())) == sorted(map(str, values))


def test_service_template_fits_one_call(aws: Assembly) -> None:
    # `ops rollback` sends it in the call itself, for which CloudFormation allows 51,200 bytes.
    template = json.dumps(aws.template("analyze"), separators=(",", ":"))
    assert len(template.encode()) <= 51_200


def test_synthesis_applies_the_cdks_rules(tmp_path: Path) -> None:
    def add_wrong_queue(whole: cdk.App, name: str) -> None:
        stack = cdk.Stack(whole, f"{name}-wrong")
        cdk.CfnResource(stack, "Queue", type="AWS::SQS::Queue", properties={"VisibilityTimeout": "soon"})

    with pytest.raises(RuntimeError, match="VisibilityTimeout"):
        synthesize(load_environment("local"), tmp_path / "local", rules=add_wrong_queue)


def test_parameter_names_are_kebab_case(prod: Assembly) -> None:
    names = {one["Properties"]["Name"] for one in prod.resources("gateway", "SSM::Parameter").values()}
    assert "/vitrine/prod/supabase-publishable-key" in names


def test_stacks_carry_name_and_tags(assembly: Assembly) -> None:
    stacks = {
        name: artifact
        for name, artifact in manifest(assembly)["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    name = assembly.settings.name
    absent = {stack_name(name, stack) for stack in ("hooks", "studio", "web", "delivery")}
    assert set(stacks) - absent == {stack_name(name, stack) for stack in assembly.stacks} - absent
    for table in assembly.resources("storage", "S3::Bucket").values():
        assert {"Key": "environment", "Value": name} in table["Properties"]["Tags"]


def test_logs_go_with_their_stack(assembly: Assembly) -> None:
    logs = [one for _, one in assembly.every() if one["Type"] == "AWS::Logs::LogGroup"]
    assert {log["DeletionPolicy"] for log in logs} == {"Delete"}


def test_synthesis_asks_no_account(assembly: Assembly) -> None:
    assert "missing" not in manifest(assembly)
    for artifact in manifest(assembly)["artifacts"].values():
        if artifact["type"] == "aws:cloudformation:stack":
            assert artifact["environment"] == f"aws://unknown-account/{assembly.settings.region}"


def test_synthesis_builds_nothing(assembly: Assembly) -> None:
    for copy in assembly.folder.glob("asset.*/**/*"):
        if copy.is_file():
            original = ROOT.joinpath(*copy.relative_to(assembly.folder).parts[1:])
            # The CDK's function that copies the page, and the page's configuration.
            if original.parent == ROOT and original.name in ("index.py", "config.json"):
                continue
            assert copy.read_bytes() == original.read_bytes()
    for file in assembly.folder.glob("*.assets.json"):
        for image in json.loads(file.read_text())["dockerImages"].values():
            assert "executable" not in image["source"]


@pytest.mark.system
def test_synthesis_is_reproducible(prod: Assembly, tmp_path: Path) -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    context |= {"env": "prod", "aws:cdk:bundling-stacks": []}
    environment = {**os.environ, "CDK_OUTDIR": str(tmp_path), "CDK_CONTEXT_JSON": json.dumps(context)}
    subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, check=True, capture_output=True)
    # Debugging files hold paths of the process that wrote them, and are not deployed.
    debugging = (".metadata.json", "validation-report.json")
    files = {
        file.relative_to(prod.folder)
        for file in prod.folder.rglob("*")
        if file.is_file() and not file.name.endswith(debugging)
    }
    for file in sorted(files):
        assert (tmp_path / file).read_bytes() == (prod.folder / file).read_bytes(), file


@pytest.mark.system
def test_every_option_is_lint_clean(shop: Assembly) -> None:
    """Of the committed environments, `make check` lints the templates."""
    assert lint(shop.templates, shop.settings.region) == 0


def test_placeholder_is_warned_about(prod: Assembly) -> None:
    assert (
        "supabase.url is still the placeholder"
        in (prod.folder / "vitrine-prod-gateway.metadata.json").read_text()
    )


def test_missing_environment_lists_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDK_CONTEXT_JSON", raising=False)
    with pytest.raises(SystemExit, match=r"pass -c env=NAME; choose one of dev, local, prod"):
        app.main()


def test_synthesis_alone_needs_no_lint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "synthesize", lambda settings, folder: [folder / "a.template.json"])
    monkeypatch.setattr("stacks.checks.lint.lint", lambda templates, region: pytest.fail("linted"))
    assert command.main(["--no-lint"]) == 0
    assert "prod: 1 stacks in cdk.out/prod" in capsys.readouterr().out


def test_wrong_environment_does_not_stop_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(name: str) -> Environment:
        if name == "dev":
            raise SettingsError("dev.toml: quota_per_day: is missing")
        return load_environment(name)

    monkeypatch.setattr(command, "load_environment", load)
    monkeypatch.setattr(command, "synthesize", lambda settings, folder, rules: [])
    monkeypatch.setattr("stacks.checks.lint.lint", lambda templates, region: 0)
    assert command.main([]) == 1
    said = capsys.readouterr()
    assert said.err == "dev.toml: quota_per_day: is missing\n"
    assert "prod: " in said.out


def test_wrong_environment_exits_without_traceback(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("quota_per_day = 0\n")
    context = json.dumps({"env": str(wrong)})
    environment = {**os.environ, "CDK_CONTEXT_JSON": context}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "wrong.toml: quota_per_day = 0: allowed: " in done.stderr
    assert "Traceback" not in done.stderr


def test_templates_need_the_checked_bootstrap(prod: Assembly) -> None:
    manifest = json.loads((prod.folder / "manifest.json").read_text())
    needed = {
        artifact["properties"].get("requiresBootstrapStackVersion", 0)
        for artifact in manifest["artifacts"].values()
        if "properties" in artifact
    }
    assert max(needed) == BOOTSTRAP_VERSION


def test_own_bootstrap_shares_nothing(prod: Assembly, shop: Assembly) -> None:
    """Roles, bucket and repository by which the CDK deploys carry the qualifier, in every stack."""
    for assembly, qualifier, other in ((prod, "hnb659fds", "shop"), (shop, "shop", "hnb659fds")):
        stacks = [one for one in manifest(assembly)["artifacts"].values() if "stack" in one["type"]]
        assert stacks
        for stack in stacks:
            properties = stack["properties"]
            assert f":role/cdk-{qualifier}-deploy-role-" in properties["assumeRoleArn"]
            assert f":role/cdk-{qualifier}-cfn-exec-role-" in properties["cloudFormationExecutionRoleArn"]
            assert properties["bootstrapStackVersionSsmParameter"] == f"/cdk-bootstrap/{qualifier}/version"
        files = [file.read_text() for file in assembly.folder.glob("*.assets.json")]
        assert all(f"cdk-{qualifier}-assets-" in file for file in files)
        assert not any(f"cdk-{other}-" in file for file in files)


def test_pushed_image_needs_no_publisher(prod: Assembly, shop: Assembly) -> None:
    """The roles that the CDK assumes, by the files that it reads; shop's settings name an image."""
    roles = {
        assembly.settings.name: {
            role
            for file in assembly.folder.glob("*.json")
            for role in re.findall(r"/cdk-[a-z0-9]+-([a-z-]+)-role-", file.read_text())
        }
        for assembly in (prod, shop)
    }
    assert roles["shop"] == {*DEPLOYING, "cfn-exec"}
    assert roles["prod"] == {*roles["shop"], "image-publishing"}
    # A release names no image, and deploys the model stack alone.
    publishing = {file.name for file in prod.folder.glob("*.json") if "image-publishing" in file.read_text()}
    assert publishing == {"vitrine-prod-analyze.assets.json"}

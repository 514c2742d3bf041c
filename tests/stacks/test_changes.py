"""A change of code changes only what ships the code."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stacks.app import ROOT
from tests.stacks.assemblies import Assembly

# Where a template refers to code, and what CloudFormation does when the code changes.
CODE = {
    "AWS::ECS::TaskDefinition Properties.ContainerDefinitions[].Environment[].Value": "the version",
    "AWS::ECS::TaskDefinition Properties.ContainerDefinitions[].Image": "a new revision replaces the tasks",
    "Custom::CDKBucketDeployment Properties.SourceObjectKeys[]": "the page is copied again",
    "AWS::Lambda::Function Properties.Code.S3Key": "in place",
    "AWS::Lambda::Function Properties.Environment.Variables.VERSION": "in place, with its code",
    "AWS::SSM::Parameter Properties.Value": "in place: which archive is served",
    "AWS::SageMaker::Model DependsOn[]": "the role's policy precedes the model",
    "AWS::SageMaker::Model Properties.ExecutionRoleArn": "a role beside the old one, for the new archive",
    "AWS::SageMaker::Model Properties.PrimaryContainer.Environment.VERSION": "a new model, as for the next",
    "AWS::SageMaker::Model Properties.PrimaryContainer.ModelDataUrl": "a new model replaces the endpoint's",
    "Outputs.ModelArtifact.Value": "in place",
}

# The model stack has one role for each archive.
NEW = ("AWS::IAM::Role ", "AWS::IAM::Policy ")


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from leaves(inner, f"{path}.{key}" if isinstance(key, str) else f"{path}[{key}]")
    else:
        yield path, value


def flat(folder: Path) -> dict[tuple[str, str], Any]:
    """Return the leaves of an assembly's templates by stack and resource, and by type and path."""
    found = {}
    for file in sorted(folder.glob("*.template.json")):
        template = json.loads(file.read_text())
        for section in ("Outputs", "Parameters", "Mappings"):
            for path, value in leaves(template.get(section, {}), section):
                found[file.name, path] = value
        for name, resource in template.get("Resources", {}).items():
            for path, value in leaves(resource, resource["Type"]):
                found[
                    f"{file.name} {name}", path.replace(f"{resource['Type']}.", f"{resource['Type']} ", 1)
                ] = value
    return found


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a synthesis reads, with a line added to each kind of shipped code."""
    copy = tmp_path_factory.mktemp("repository")
    parts = (
        "app.py",
        "catalogue",
        "cdk.json",
        "cli",
        "requirements.txt",
        "environments",
        "model_artifacts",
        "services",
        "settings",
        "stacks",
        "web",
    )
    for part in parts:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(
                source, copy / part, ignore=shutil.ignore_patterns("__pycache__", "node_modules", "dist")
            )
        else:
            shutil.copy(source, copy)
    for file in (
        "services/analyze/app.py",
        "services/authorizer/handler.py",
        "services/hooks/worker.py",
        "services/results/jobs.py",
        "web/index.html",
        "model_artifacts/blip2/code/inference.py",
    ):
        text = (copy / file).read_text()
        (copy / file).write_text(f"{text}\n# changed\n")
    return copy


@pytest.mark.system
def test_code_change_updates_code_alone(prod: Assembly, repository: Path, tmp_path: Path) -> None:
    synthesize = """
import pathlib, sys
from settings.environment import load_environment
from stacks.app import synthesize
synthesize(load_environment("prod"), pathlib.Path(sys.argv[1]))
"""
    command = [sys.executable, "-c", synthesize, str(tmp_path)]
    subprocess.run(command, cwd=repository, check=True, capture_output=True)
    old, new = flat(prod.folder), flat(tmp_path)
    changed = {
        path
        for name, path in old.keys() | new.keys()
        if old.get((name, path)) != new.get((name, path))
        and not (name.startswith("vitrine-prod-model.") and path.startswith(NEW))
    }
    # Positions in lists and in joined texts do not matter.
    places = {re.sub(r"\.Fn::.*", "", re.sub(r"\[\d+\]", "[]", path)) for path in changed}
    assert places == CODE.keys()

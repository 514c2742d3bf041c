"""Variants of one environment's settings, and what CloudFormation compares of each when it is deployed.

`python -O -m tests.stacks.variants FOLDER` synthesizes every variant and prints the facts as JSON; with
--lint in place of a folder, cfn-lint reads the templates.
"""

import gc
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from settings.environment import FOLDER, Environment, load_environment
from stacks.app import ROOT, build
from stacks.checks.lint import lint
from tests.stacks.assemblies import OPTIONAL, replaced

NAME = "prod"
_STUDIO = OPTIONAL["studio"]
_HOME = _STUDIO | {"network": "internet"}
_ALWAYS_ON = {"model.mode": "realtime", "model.min_instances": 1}
_GPU = {"model.artifact": OPTIONAL["model.artifact"], "model.instance_type": "ml.g4dn.xlarge"}
_CPU = {"model.artifact": "demo", "model.instance_type": "ml.m5.large"}

# Of these types, several of one name may exist.
_NAMED_APART = ("AWS::ApplicationAutoScaling::ScalingPolicy", "AWS::CertificateManager::Certificate")

# The committed settings of production with these dotted keys changed; a section that is None is absent.
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "committed": {},
    "everything": OPTIONAL,
    "least": {"webhook": None, "hooks": None, "keep_data": False, "reuse_answers": False},
    "no webhook": {"webhook": None},
    "no hooks": {"hooks": None},
    "neither": {"webhook": None, "hooks": None},
    "studio": {"studio": _HOME},
    "studio of another user": {"studio": _HOME | {"user_name": "other", "idle_shutdown_minutes": 600}},
    "studio behind NAT": {"studio": _STUDIO, "egress": "nat"},
    "studio beside NAT": {"studio": _HOME, "egress": "nat"},
    "studio without hooks": {"studio": _HOME, "hooks": None, "webhook": None},
    "NAT": {"egress": "nat"},
    "domain": {"domain": OPTIONAL["domain"]},
    "another domain": {"domain": OPTIONAL["domain"] | {"name": "vitrine.shop.example"}},
    "domain behind NAT": {"domain": OPTIONAL["domain"], "egress": "nat", "hooks": None},
    "paused": {"model.paused": True},
    "paused realtime": {"model.paused": True} | _ALWAYS_ON,
    "realtime": _ALWAYS_ON,
    "realtime of one": _ALWAYS_ON | {"model.max_instances": 1} | _CPU,
    "never at zero": {"model.min_instances": 1},
    "schedule": {"model.schedule": OPTIONAL["model.schedule"]},
    "demo on a GPU": {"model.instance_type": "ml.g4dn.xlarge"},
    "own bootstrap": {"bootstrap": OPTIONAL["bootstrap"]},
    "delivery by the account's provider": {
        "delivery": OPTIONAL["delivery"]
        | {"provider_arn": f"arn:aws:iam::{'1' * 12}:oidc-provider/token.actions.githubusercontent.com"},
    },
    "archive": _GPU,
    "archive of real goods": _GPU
    | {"model.catalogue_version": OPTIONAL["model.catalogue_version"], "catalogue": OPTIONAL["catalogue"]},
    "another archive": _GPU | {"model.artifact": f"models/{'c' * 64}/blip2-endpoint.tar.gz"},
    "isolated archive": _GPU | {"model.network_isolation": True},
    "other container": {
        "model.image_uri": "111122223333.dkr.ecr.ca-central-1.amazonaws.com/blip2:1",
        "model.inference_ami_version": OPTIONAL["model.inference_ami_version"],
    },
    "other endpoint": {"model.endpoint_name": "blip2-endpoint-prod"},
    "three zones": {"zones": OPTIONAL["zones"]},
    "edge logs": {"hooks.logs_secret_name": OPTIONAL["hooks.logs_secret_name"]},
    # Each of these three changes values of several stacks, which no other stack's resources hang on.
    "other service": {
        "cors_origins": ("https://shop.example",),
        "fallback_llm": OPTIONAL["fallback_llm"],
        "image_digest": OPTIONAL["image_digest"],
        "alarms.notify": "ops@shop.example",
        "service.cpu_units": 2048,
        "service.memory_mb": 4096,
        "service.workers": 2,
    },
    "other origins": {
        "llm.base_url": "https://llm.shop.example:8443/v1",
        "llm.job_tier": "flex",
        "supabase.legacy_secret_name": "vitrine/prod/jwt",
        "supabase.allow_anonymous": True,
        "consumers": OPTIONAL["consumers"],
        "alarms.notify": "arn:aws:sns:ca-central-1:111122223333:pager",
    },
    "short memory, no budget": {
        "retention_days": 7,
        "log_retention_days": 7,
        "keep_data": False,
        "alarms.monthly_budget_usd": None,
    },
}


@dataclass(frozen=True)
class Resource:
    """A resource: what a change of replaces it, and its name where the template gives it one."""

    kind: str
    fixed: Mapping[str, Any]
    name: str | None


@dataclass(frozen=True)
class Stack:
    """A stack as CloudFormation sees it: exported expressions, names that it imports, resources by id.

    `reads` names the parameters of Systems Manager that its own parameters are.
    """

    name: str
    exports: Mapping[str, Any]
    imports: frozenset[str]
    resources: Mapping[str, Resource]
    reads: frozenset[str] = frozenset()


def settings_of(variant: str) -> Environment:
    """Return the settings of one of VARIANTS."""
    return replaced(load_environment(FOLDER / f"{NAME}.toml").model_dump(), VARIANTS[variant])


def stacks_of(assembly: Path) -> list[Stack]:
    """Return an assembly's stacks in the order in which the CDK deploys them."""
    artifacts = json.loads((assembly / "manifest.json").read_text("utf-8"))["artifacts"]
    names = [name for name, one in artifacts.items() if one["type"] == "aws:cloudformation:stack"]
    deployed: list[str] = []
    while len(deployed) < len(names):
        # Among those that can be deployed, any order is possible: the alphabet's is as good as another.
        deployed.append(
            min(
                name
                for name in names
                if name not in deployed
                and set(artifacts[name].get("dependencies", [])) & set(names) <= set(deployed)
            )
        )
    return [stack_of(name, json.loads((assembly / f"{name}.template.json").read_text())) for name in deployed]


def stack_of(name: str, template: Mapping[str, Any]) -> Stack:
    """Return the facts of a template."""
    outputs = template.get("Outputs", {}).values()
    return Stack(
        name,
        {one["Export"]["Name"]: one["Value"] for one in outputs if "Export" in one},
        frozenset(_imports(template)),
        {one: _resource(declared) for one, declared in template.get("Resources", {}).items()},
        frozenset(
            one["Default"]
            for one in template.get("Parameters", {}).values()
            if one["Type"].startswith("AWS::SSM::Parameter::Value") and one["Default"].startswith("/vitrine/")
        ),
    )


def _resource(declared: Mapping[str, Any]) -> Resource:
    kind, properties = declared["Type"], declared.get("Properties", {})
    schema = _schema(kind)
    fixed = {
        path: _at(properties, path)
        for path in (one.removeprefix("/properties/") for one in schema.get("createOnlyProperties", []))
        if _at(properties, path) is not None
    }
    key = [one.removeprefix("/properties/") for one in schema.get("primaryIdentifier", [])]
    names = [one for path, one in fixed.items() if path.endswith("Name") and isinstance(one, str)]
    identified = [properties.get(one) for one in key]
    if all(isinstance(one, str) for one in identified):
        names = identified
    name = "|".join(names) if names and kind not in _NAMED_APART else None
    return Resource(kind, fixed, name)


def _at(properties: Any, path: str) -> Any:
    for part in path.split("/"):
        properties = properties.get(part) if isinstance(properties, dict) else None
    return properties


def _imports(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Fn::ImportValue":
                yield inner
            else:
                yield from _imports(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _imports(inner)


_schemas: dict[str, Any] = {}


def _schema(kind: str) -> dict[str, Any]:
    """Return AWS's schema of a resource type, as cfn-lint ships it; a custom resource has none."""
    if kind.startswith("Custom::"):
        return {}
    if kind not in _schemas:
        folder = resources.files("cfnlint") / "data" / "schemas"
        by_type = _schemas.setdefault(
            "", json.loads((folder / "providers" / "ca-central-1.json").read_text())
        )
        file = folder / "resources" / f"{by_type[kind]}.json"
        _schemas[kind] = json.loads(file.read_text())
    schema: dict[str, Any] = _schemas[kind]
    return schema


def synthesized(folder: Path) -> dict[str, list[Stack]]:
    """Return the stacks of all variants; their assemblies are in `folder`, numbered in the same order.

    The process of its own needs half the time: without assertions the CDK checks no argument's type.
    """
    command = [sys.executable, "-O", "-m", "tests.stacks.variants", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    found = json.loads(done.stdout)
    return {
        variant: [
            Stack(
                stack["name"],
                stack["exports"],
                frozenset(stack["imports"]),
                {name: Resource(**one) for name, one in stack["resources"].items()},
                frozenset(stack["reads"]),
            )
            for stack in stacks
        ]
        for variant, stacks in found.items()
    }


def lint_all() -> int:
    """Return cfn-lint's exit status over the templates of all variants, each distinct one once."""
    with tempfile.TemporaryDirectory() as folder:
        synthesized(Path(folder))
        distinct = {file.read_text(): file for file in sorted(Path(folder).glob("*/*.template.json"))}
        templates = [file for text, file in distinct.items() if json.loads(text).get("Resources")]
        sys.stdout.write(f"{len(VARIANTS)} variants, {len(templates)} distinct templates\n")
        return lint(templates, load_environment(NAME).region)


def _print_facts(folder: Path) -> None:
    gc.disable()
    context = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    context |= {"aws:cdk:bundling-stacks": [], "aws:cdk:disable-asset-staging": True}
    found = {}
    for number, variant in enumerate(VARIANTS):
        assembly = folder / str(number)
        app = cdk.App(
            outdir=str(assembly),
            context=context,
            tree_metadata=False,
            builtin_cloud_formation_validation=False,
        )
        build(app, settings_of(variant))
        app.synth()
        found[variant] = [
            asdict(stack) | {"imports": sorted(stack.imports), "reads": sorted(stack.reads)}
            for stack in stacks_of(assembly)
        ]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    if sys.argv[1:] == ["--lint"]:
        sys.exit(lint_all())
    _print_facts(Path(sys.argv[1]))

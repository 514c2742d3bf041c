"""Each function ships the AWS SDK that its calls need: Lambda's own may be older than a parameter."""

import ast
import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name
from packaging.version import Version

from stacks.constructs.functions import ROOT
from tests.stacks.assemblies import Assembly
from tests.stacks.constructs.test_packages import declared_functions

# The input members of the operations that functions call, as botocore's own models have them in a version
# that is older than the runtime. AWS states no version that every region has.
RUNTIME = json.loads((Path(__file__).parent / "runtime_sdk.json").read_text("utf-8"))
SERVICES = ("dynamodb", "s3", "sagemaker-runtime", "secretsmanager", "sqs")
HANDLERS = [
    "services.authorizer.handler",
    *(f"services.hooks.{name}" for name in ("app", "worker")),
    *(f"services.results.{name}" for name in ("jobs", "notify", "outbox", "sweep")),
]


@cache
def operations() -> dict[str, list[tuple[str, str, frozenset[str]]]]:
    """Return service, operation and input members by the client's method, from the installed botocore."""
    session = botocore.session.get_session()
    found: dict[str, list[tuple[str, str, frozenset[str]]]] = {}
    for service in SERVICES:
        model = session.get_service_model(service)
        for name in model.operation_names:
            shape = model.operation_model(name).input_shape
            members = frozenset(shape.members if shape is not None else ())
            found.setdefault(xform_name(name), []).append((service, name, members))
    return found


@cache
def parsed(module: str) -> ast.Module:
    spec = find_spec(module)
    assert spec is not None and spec.origin is not None, module
    return ast.parse(Path(spec.origin).read_text("utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def reached(handler: str) -> frozenset[str]:
    """Return our modules that a handler imports, directly and indirectly."""
    known: set[str] = set()
    waiting = [handler]
    while waiting:
        module = waiting.pop()
        if module in known or not module.startswith("services") or not is_module(module):
            continue
        known.add(module)
        waiting += imported(parsed(module))
    return frozenset(known)


def is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def called(handler: str) -> dict[tuple[str, str], set[str]]:
    """Return the members of each operation that the handler's modules name, as keyword or text."""
    found: dict[tuple[str, str], set[str]] = {}
    for module in reached(handler):
        nodes = list(ast.walk(parsed(module)))
        words = {node.arg for node in nodes if isinstance(node, ast.keyword)}
        texts = (node.value for node in nodes if isinstance(node, ast.Constant))
        words |= {value for value in texts if isinstance(value, str)}
        for node in nodes:
            for service, name, members in operations().get(method(node), ()):
                found.setdefault((service, name), set()).update(members & words)
    return found


def method(node: ast.AST) -> str:
    """Return the client's method that a node names, as an attribute or to make a paginator; else ""."""
    match node:
        case ast.Attribute(attr=name):
            return name
        case ast.Call(func=ast.Attribute(attr="get_paginator"), args=[ast.Constant(value=str(name))]):
            return name
    return ""


def newer(handler: str) -> set[str]:
    """Return the members that the handler sends and Lambda's own SDK may not know."""
    return {
        f"{service}.{operation}.{member}"
        for (service, operation), members in called(handler).items()
        for member in members - set(RUNTIME["operations"].get(service, {}).get(operation, ()))
    }


def shipped(handler: str) -> dict[str, Version]:
    """Return the versions of the SDK in the handler's package; empty if it relies on Lambda's own."""
    service = handler.split(".")[1]
    lock = (ROOT / "services" / service / "requirements.txt").read_text("utf-8").splitlines()
    pins = dict(line.partition(" ")[0].split("==") for line in lock if "==" in line)
    return {name: Version(pins[name]) for name in ("boto3", "botocore") if name in pins}


def test_every_function_is_covered(prod: Assembly) -> None:
    declared = {one["Handler"].removesuffix(".handle") for one in declared_functions(prod).values()}
    assert declared == set(HANDLERS)


@pytest.mark.parametrize("handler", HANDLERS)
def test_newer_parameters_ship_the_sdk(handler: str) -> None:
    sdk = shipped(handler)
    if newer(handler):
        assert sdk.keys() == {"boto3", "botocore"}, f"{handler} sends {newer(handler)}"
    # The models that `operations` read are those in the package.
    for name, pinned in sdk.items():
        assert pinned == Version(version(name))


def test_inline_async_requests_are_newer() -> None:
    assert newer("services.results.jobs") == {"sagemaker-runtime.InvokeEndpointAsync.Body"}
    assert shipped("services.results.jobs")["botocore"] > Version(RUNTIME["botocore"])


def test_baseline_knows_every_operation() -> None:
    missing = {
        f"{service}.{operation}"
        for handler in HANDLERS
        for service, operation in called(handler)
        if operation not in RUNTIME["operations"].get(service, {})
    }
    assert not missing, f"add them to runtime_sdk.json from botocore {RUNTIME['botocore']}"

"""The filter between the table's stream and the outbox: as the stack declares and Lambda applies it."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Pattern = Mapping[str, Any]
# Where the drill leaves the patterns for the outbox, in its folder.
FILTER_FILE = "stream-filter.json"


def declared_patterns() -> list[Pattern]:
    """Return the patterns of the synthesized stack's event source; a record passes if it fits one of them."""
    # Starts Node, and only the drill itself needs it. The stacks say which Node.
    from stacks.app import build  # isort: skip
    import aws_cdk as cdk

    from settings.environment import load_environment

    context = {"aws:cdk:bundling-stacks": [], "aws:cdk:disable-asset-staging": True}
    with tempfile.TemporaryDirectory() as folder:
        app = cdk.App(outdir=folder, context=context, tree_metadata=False)
        build(app, load_environment("local"))
        app.synth()
        (template,) = Path(folder).glob("*-results.template.json")
        resources = json.loads(template.read_text("utf-8"))["Resources"].values()
    sources = [each["Properties"] for each in resources if each["Type"] == "AWS::Lambda::EventSourceMapping"]
    (filters,) = (source["FilterCriteria"]["Filters"] for source in sources if "FilterCriteria" in source)
    return [json.loads(each["Pattern"]) for each in filters]


def passes(record: Mapping[str, Any], patterns: Sequence[Pattern]) -> bool:
    """Return whether Lambda passes a record on; without patterns it passes every record."""
    return not patterns or any(_fits(record, pattern) for pattern in patterns)


def _fits(value: Any, pattern: Any) -> bool:
    if isinstance(pattern, Mapping):
        inside = value if isinstance(value, Mapping) else {}
        return all(_fits(inside.get(name), rule) for name, rule in pattern.items())
    return any(_allows(value, rule) for rule in pattern)


def _allows(value: Any, rule: Any) -> bool:
    match rule:
        case {"exists": bool(wanted)}:
            return (value is not None) == wanted
        case {"prefix": str(prefix)}:
            return isinstance(value, str) and value.startswith(prefix)
        case {"anything-but": refused}:
            return value is not None and value not in (refused if isinstance(refused, list) else [refused])
        case Mapping():
            raise ValueError(f"the drill does not know this rule of a filter: {rule}")
    return bool(value == rule)

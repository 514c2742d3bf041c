"""Prepared changes of production get the verdict and the headline that a reviewer needs."""

import json
from dataclasses import replace

import pytest

from cli.cdk import ROOT
from ops.diff.assembly import Assembly, read_assemblies
from ops.diff.comment import comment
from ops.diff.judge import Judgement, judge
from ops.diff.report import Report
from ops.diff.sentences import code
from settings.environment import Environment, load_environment
from tests.ops.diff.changes import CHANGES
from tests.ops.diff.conftest import altered


def with_new_code(assembly: Assembly, stack: str, kind: str) -> Assembly:
    """Return an environment with another hash of a stack's first asset of a kind, wherever it is named."""
    one = assembly.stacks[stack]
    asset = next(each for each in one.assets if each.kind == kind)
    digest = asset.digest[::-1]
    text = json.dumps(one.template).replace(asset.digest, digest)
    text = text.replace(asset.digest[:12], digest[:12])
    assets = tuple(replace(each, digest=digest) if each is asset else each for each in one.assets)
    changed = replace(one, template=json.loads(text), assets=assets)
    return replace(assembly, stacks={**assembly.stacks, stack: changed})


@pytest.fixture(scope="module")
def judged(prod: Assembly, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judgement]:
    """All pairs and the documented example, judged in one process of Node."""
    from stacks.app import synthesize

    settings = load_environment("prod")
    model = settings.model.model_copy(update={"instance_type": "ml.g4dn.xlarge", "usd_per_hour": 0.818})
    folder = tmp_path_factory.mktemp("documented") / "prod"
    synthesize(settings.model_copy(update={"retention_days": 180, "model": model}), folder, notices=False)
    new = {name: altered(prod, change, name=name) for name, (change, _, _) in CHANGES.items()}
    new["hash only"] = replace(with_new_code(prod, "gateway", "code"), environment="hash only")
    new["image only"] = replace(with_new_code(prod, "analyze", "image"), environment="image only")
    new["documented"] = replace(read_assemblies(folder)["prod"], environment="documented")
    old = {name: replace(prod, environment=name) for name in new}
    new["came"], old["went"] = (replace(prod, environment=name) for name in ("came", "went"))
    return {one.environment: one for one in judge(old, new)}


@pytest.mark.parametrize("name", CHANGES)
def test_change_gets_its_verdict(judged: dict[str, Judgement], name: str) -> None:
    _, verdict, headline = CHANGES[name]
    one = judged[name]
    assert one.verdict == verdict
    assert not headline or headline in f"{one.consequences[0].subject} {one.consequences[0].happens}"
    assert verdict in ("nothing changes", "resources change") or one.consequences[0].remedy


def test_new_code_is_no_change_of_resources(judged: dict[str, Judgement]) -> None:
    for name, sentence in {
        "hash only": "New code: gateway/AuthorizerFunction.",
        "image only": "New image: analyze/Image.",
    }.items():
        assert (judged[name].verdict, judged[name].changes) == ("new code", {}), name
        assert code(judged[name]) == sentence


def test_removed_key_names_lost_encryption(judged: dict[str, Judgement]) -> None:
    texts = [one.happens for one in judged["key"].of("weaker protection")]
    assert any("encrypted by S3's own key" in text for text in texts)


def test_paused_endpoint_takes_its_alarms_along(judged: dict[str, Judgement]) -> None:
    assert not judged["pause"].of("weaker protection")


def test_renamed_log_is_refused(judged: dict[str, Judgement]) -> None:
    # It has a name, which the former log group has until it is deleted.
    (refused,) = judged["renamed log"].of("interruption")
    assert refused.happens.startswith("CloudFormation refuses to create it: the name /aws/vendedlogs/")
    (lost,) = judged["renamed log"].of("data loss")
    assert lost.remedy == "It looks renamed to Renamed: keep the id by `override_logical_id`."


def test_renamed_stack_is_refused(judged: dict[str, Judgement]) -> None:
    # What is deployed of the former stack stays, and its names with it.
    refused = [one.happens for one in judged["renamed stack"].of("interruption")]
    assert any("the name /vitrine/prod/hooks-queue is taken: that of hooks stays" in one for one in refused)
    assert any("API Gateway refuses a second route of a key" in one for one in refused)


def test_renewed_stream_is_still_imported(judged: dict[str, Judgement]) -> None:
    (refused,) = judged["stream"].of("interruption")
    assert refused.happens == "changes: CloudFormation refuses, as results still imports it"


def test_rename_says_nothing_else(judged: dict[str, Judgement]) -> None:
    for name in ("renamed authorizer", "renamed role", "renamed headers"):
        assert not judged[name].of("weaker protection"), name
        assert not judged[name].of("note"), name


def test_removed_section_names_each_queue(judged: dict[str, Judgement]) -> None:
    lost = [one.subject.rpartition("(")[2] for one in judged["section"].of("data loss")]
    assert lost.count("SQS::Queue)") == 2
    assert lost.count("Logs::LogGroup)") == 2


def test_documented_example_is_true(judged: dict[str, Judgement]) -> None:
    text = (ROOT / "docs" / "delivery.md").read_text("utf-8")
    example = text.partition("the comment begins:\n\n```markdown\n")[2].partition("```")[0]
    written = comment(Report((replace(judged["documented"], environment="prod"),), {}))
    # Prices change by themselves, and what is folded with every stack.
    lines = [line for line in example.splitlines() if not line.startswith("Costs: ")]
    assert [line for line in lines if line] == [
        line for line in written.partition("<details>")[0].splitlines() if line
    ]


def test_changed_type_is_refused(judged: dict[str, Judgement]) -> None:
    (refused,) = judged["type"].of("interruption")
    assert refused.happens.startswith("CloudFormation refuses to make it a AWS::SNS::Topic")


def test_group_without_rules_loses_no_reach(judged: dict[str, Judgement]) -> None:
    assert not judged["no egress"].of("interruption")


def test_settings_of_model_are_named(prod: Assembly) -> None:
    settings: Environment = load_environment("prod")
    values = settings.model_dump(mode="json")
    artifact = f"models/{'a1' * 32}/blip2-endpoint.tar.gz"
    values["model"] |= {"artifact": artifact}
    values["llm"] = {**values["llm"], "model": "gpt-7"}
    (one,) = judge({"prod": prod}, {"prod": replace(prod, settings=values)})
    assert one.settings == (
        "model.artifact: demo → models/a1a1a1a1…/blip2-endpoint.tar.gz",
        f"llm.model: {settings.llm.model} → gpt-7",
    )


def test_new_and_former_environments_are_told(judged: dict[str, Judgement]) -> None:
    came, went = judged["came"], judged["went"]
    # The data of an environment that is declared no more is used by nothing.
    assert (came.verdict, went.verdict) == ("new environment", "data loss")
    assert not went.of("interruption")
    # Its roles are narrow: what is said of it is what it shows to the internet.
    assert not [one for one in came.of("weaker protection") if "may newly do" in one.happens]
    assert "storage" in came.new_stacks
    assert "studio" not in came.new_stacks  # it has no resources

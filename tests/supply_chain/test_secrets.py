"""A secret in a tracked file fails the check; the message says what to do, and never repeats it."""

import subprocess
from pathlib import Path

import pytest

from cli.entry import run_commands
from supply_chain import secrets
from supply_chain.__main__ import commands
from supply_chain.secrets import committed_secrets

# Put together here, so that this file holds none. Their forms are those that the providers document.
SECRETS = {
    "an access key of AWS": "AKIA" + "QWERTYUIOPASDFGH",
    "a random key": "wJalrXUtnFEMIK7MDENG" + "bPxRfiCYzr8u2Tq9LmVe",
    "an API key of a language model": "sk-" + "proj-4f9a8b7c6d5e4f3a2b1c",
    "a secret key of Supabase": "sb_secret_" + "N7UND0UgjKTVK",
    "a signing key of webhooks": "whsec_" + "MfKQ9r8GKYqrTwjU" + "PD8ILPZIo2LaLaSw",
    "a token of GitHub": "ghp_" + "16C7e42F292c6912E7" + "710c838347Ae178B4a",
    "a personal API key of PostHog": "phx_" + "a1b2c3d4e5f6g7h8i9j0",
    "a private key or a certificate": "-----BEGIN " + "RSA PRIVATE KEY-----",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def track(repository: Path, text: str, name: str = "settings.py") -> None:
    (repository / name).write_text(text, "utf-8")
    subprocess.run(["git", "add", "."], cwd=repository, check=True)


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "KEY = '{}'",
        "https://host/path?key={}&more=1",
        "- run: X={} y",
        "a: {}.",
    ],
)
def test_secret_is_found(repository: Path, kind: str, line: str) -> None:
    track(repository, f"first\n{line.format(SECRETS[kind])}\n")
    (finding,) = committed_secrets(repository, known=())
    assert finding.subject == "settings.py:2"
    assert finding.text == f"this looks like {kind}"
    assert "Take it out and revoke it" in finding.hint
    assert SECRETS[kind] not in f"{finding}"


def test_secret_in_a_path_is_found(repository: Path) -> None:
    track(repository, f"curl https://host.example/hook/{SECRETS['a token of GitHub']}\n")
    assert [finding.text for finding in committed_secrets(repository, known=())] == [
        "this looks like a token of GitHub"
    ]


def test_noted_value_is_allowed(repository: Path) -> None:
    track(repository, f"x = '{SECRETS['a token of GitHub']}'\n")
    (finding,) = committed_secrets(repository, known=())
    fingerprint = finding.hint.partition("secrets.toml: ")[2].partition(" ")[0]
    assert committed_secrets(repository, known={fingerprint}) == []


@pytest.mark.parametrize(
    "line",
    [
        "uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
        "    --hash=sha256:0a30ef8f5322a4173720ae6712dc9a5e58f5a19868f3f167b4b5778db066c2b5",
        '"integrity": "sha512-tNx8f48yJNSLXTIygGntu5dSZlIZblDt8sR7pIs7EEmmb2PkEF87d+3UKZV2GUgCuN9Aw==",',
        "sk-…, whsec_… and sb_publishable_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz",
        "from sk_learn_compatible_estimators import hf_hub_download_of_weights",
        'secret_name = "vitrine/prod/openai"',
    ],
)
def test_public_value_is_no_secret(repository: Path, line: str) -> None:
    track(repository, line)
    assert committed_secrets(repository, known=()) == []


def test_untracked_file_is_not_read(repository: Path) -> None:
    (repository / ".env").write_text(SECRETS["a token of GitHub"])
    assert committed_secrets(repository, known=()) == []


def test_photo_is_skipped(repository: Path) -> None:
    (repository / "photo.jpg").write_bytes(b"\xff\xd8" + SECRETS["a token of GitHub"].encode())
    track(repository, "text")
    assert committed_secrets(repository, known=()) == []


def test_check_fails_with_the_remedy(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    track(repository, f"TOKEN = '{SECRETS['a token of GitHub']}'\n")
    findings = committed_secrets(repository, known=())
    monkeypatch.setattr(secrets, "committed_secrets", lambda: findings)
    assert run_commands(commands, ["secrets"], program="supply_chain") == 1
    out = capsys.readouterr().out
    assert "settings.py:1: this looks like a token of GitHub" in out
    assert "hint: Take it out and revoke it" in out
    assert SECRETS["a token of GitHub"] not in out

"""The choice of ports."""

import os
import socket
from collections.abc import Iterator

import pytest

from cli.errors import UserError
from local.supervisor import ports


@pytest.fixture(autouse=True)
def no_configured_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ports.PREFERRED:
        monkeypatch.delenv(ports.variable(name), raising=False)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_taken_preferred_port_is_replaced(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "PREFERRED", {"service": taken})
    chosen = ports.assign({}, {})["service"]
    assert chosen != taken
    assert ports.is_free(chosen)


def test_free_preferred_port_is_used(free: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "PREFERRED", {"service": free})
    assert ports.assign({}, {}) == {"service": free}


def test_running_process_keeps_its_port(taken: int) -> None:
    assert ports.assign({"service": taken}, {})["service"] == taken


def test_former_port_is_used_again(free: int) -> None:
    assert ports.assign({}, {"llm": free})["llm"] == free


def test_processes_get_different_ports() -> None:
    chosen = ports.assign({}, dict.fromkeys(ports.PREFERRED, 8080))
    assert set(chosen) == set(ports.PREFERRED)
    assert len(set(chosen.values())) == len(chosen)


def test_taken_configured_port_names_its_holder(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_LLM_PORT", str(taken))
    with pytest.raises(UserError, match=rf"Port {taken}, which VITRINE_LLM_PORT .*pid {os.getpid()}"):
        ports.assign({}, {})


@pytest.mark.parametrize("value", ["http", "0", "65536", "-1", "8080.5", "٨٠"])
def test_invalid_configured_port_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_LLM_PORT", value)
    with pytest.raises(UserError, match="VITRINE_LLM_PORT is"):
        ports.assign({}, {})


def test_port_configured_twice_is_refused(free: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_LLM_PORT", str(free))
    monkeypatch.setenv("VITRINE_MODEL_PORT", str(free))
    with pytest.raises(UserError, match="another process"):
        ports.assign({}, {})


def test_listening_process_is_recognised(taken: int) -> None:
    assert ports.listens(os.getpid(), taken)
    assert not ports.listens(os.getpid(), taken - 1)

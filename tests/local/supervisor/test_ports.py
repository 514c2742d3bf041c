"""The choice of ports."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from cli.errors import UserError
from local.supervisor import ports


@pytest.fixture(autouse=True)
def no_configured_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ports.PREFERRED:
        monkeypatch.delenv(ports.variable(name), raising=False)


def assign(running: dict[str, int] | None = None, former: dict[str, int] | None = None) -> dict[str, int]:
    with ExitStack() as held:
        return ports.assign(running or {}, former or {}, held)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_taken_preferred_port_is_replaced_by_a_free_one(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "PREFERRED", {"service": taken})
    assert assign()["service"] != taken


def test_a_running_part_keeps_its_port(taken: int) -> None:
    assert assign(running={"service": taken})["service"] == taken


def test_a_part_gets_the_port_it_had_when_that_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        former = listener.getsockname()[1]
    assert assign(former={"llm": former})["llm"] == former


def test_all_parts_get_ports_of_their_own() -> None:
    chosen = assign()
    assert set(chosen) == set(ports.PREFERRED)
    assert len(set(chosen.values())) == len(chosen)


def test_a_taken_configured_port_is_an_error_that_names_who_holds_it(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_LLM_PORT", str(taken))
    with pytest.raises(UserError, match=rf"Port {taken}, which VITRINE_LLM_PORT .*pid {os.getpid()}"):
        assign()


@pytest.mark.parametrize("value", ["http", "0", "65536", "-1", "8080.5", "٨٠"])
def test_a_configured_port_must_be_one(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_LLM_PORT", value)
    with pytest.raises(UserError, match="VITRINE_LLM_PORT is"):
        assign()


def test_one_port_cannot_be_configured_for_two_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    monkeypatch.setenv("VITRINE_LLM_PORT", str(free))
    monkeypatch.setenv("VITRINE_MODEL_PORT", str(free))
    with pytest.raises(UserError, match="another part"):
        assign()


def test_two_systems_that_start_at_once_get_different_ports() -> None:
    with ExitStack() as first, ExitStack() as second:
        one = ports.assign({}, {}, first)
        other = ports.assign({}, {}, second)
    assert not set(one.values()) & set(other.values())


def test_a_process_is_known_by_the_port_it_listens_on(taken: int) -> None:
    assert ports.listens(os.getpid(), taken)
    assert not ports.listens(os.getpid(), taken - 1)

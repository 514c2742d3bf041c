"""A secret that is read once, and again after a refusal."""

import pytest

from services.core.secrets import FRESH_FOR_S, REREAD_AFTER_S, Secret


class Store:
    """A store that counts its reads, and fails when it holds nothing."""

    def __init__(self) -> None:
        self.value: str | None = "old"
        self.reads = 0
        self.now = 1000.0

    def read(self) -> str:
        self.reads += 1
        if self.value is None:
            raise OSError("away")
        return self.value


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def secret(store: Store) -> Secret[str]:
    return Secret(store.read, clock=lambda: store.now)


def test_value_is_read_once(store: Store, secret: Secret[str]) -> None:
    assert store.reads == 0
    assert [secret.value(), secret.value()] == ["old", "old"]
    assert store.reads == 1


def test_removed_key_is_forgotten(store: Store, secret: Secret[str]) -> None:
    secret.value()
    store.value, store.now = "new", store.now + FRESH_FOR_S
    assert secret.value() == "new"
    store.value, store.now = None, store.now + FRESH_FOR_S
    assert [secret.value(), secret.value()] == ["new", "new"]
    assert store.reads == 3


def test_first_failure_is_raised(store: Store, secret: Secret[str]) -> None:
    store.value = None
    with pytest.raises(OSError, match="away"):
        secret.value()
    store.value = "old"
    assert secret.value() == "old"


def test_refused_value_is_read_again(store: Store, secret: Secret[str]) -> None:
    old = secret.value()
    store.value, store.now = "new", store.now + REREAD_AFTER_S
    assert secret.renewed(old) == "new"
    assert secret.value() == "new"


def test_refusals_read_once_a_minute(store: Store, secret: Secret[str]) -> None:
    secret.value()
    for _ in range(3):
        assert secret.renewed("old") == "old"
    assert store.reads == 1
    store.now += REREAD_AFTER_S
    for _ in range(3):
        assert secret.renewed("old") == "old"
    assert store.reads == 2


def test_late_refusal_reads_no_more(store: Store, secret: Secret[str]) -> None:
    secret.value()
    store.value, store.now = "new", store.now + REREAD_AFTER_S
    secret.renewed("old")
    store.now += REREAD_AFTER_S
    assert secret.renewed("old") == "new"
    assert store.reads == 2


def test_failed_reread_keeps_the_value(store: Store, secret: Secret[str]) -> None:
    secret.value()
    store.value, store.now = None, store.now + REREAD_AFTER_S
    assert secret.renewed("old") == "old"
    assert secret.renewed("old") == "old"
    assert store.reads == 2

import pytest

from services.core.domain.errors import InvalidInput
from services.web.json_body import read_json


def test_byte_order_mark_is_ignored() -> None:
    assert read_json(b'\xef\xbb\xbf{"a": [1]}') == {"a": [1]}


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        (b"", "body", "not JSON"),
        (b"{", "body", "line 1, column 2"),
        (b'{"a": 1} x', "body", "not JSON"),
        (b'{"a": 1, "a": 2}', "a", "stands twice"),
        ('{"a": "é"}'.encode("latin-1"), "body", "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "body", "not UTF-8"),
        (b"[" * 5000, "body", "nested too deeply"),
        (b'{"a":' * 5000, "body", "nested too deeply"),
        (b'{"a": NaN}', "body", "NaN"),
        (b'{"a": ' + b"9" * 5000 + b"}", "body", "number that is too long"),
    ],
)
def test_unreadable_json_is_explained(body: bytes, field: str, says: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        read_json(body)
    assert raised.value.field == field
    assert says in str(raised.value)

"""DynamoDB's typed form of a row's values."""

from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def to_item(values: dict[str, Any]) -> dict[str, Any]:
    """Plain values in DynamoDB's typed form."""
    return {name: _serialize(value) for name, value in values.items()}


def from_item(item: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's typed form as plain values."""
    return {name: _deserialize(value) for name, value in item.items()}

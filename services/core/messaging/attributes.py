"""What a message carries beside its body: its trace, the wanted delay, the reason of a dead letter."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from services.core.trace import HEADER, traceparent

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

LONGEST_REASON = 500
_DELAY = "delay_s"
# SQS allows XML's characters in an attribute; a reason is one line of them.
_OTHER = re.compile(r"[^\x20-\ud7ff\ue000-\ufffd]+")


def trace_attributes(of: str | None = None) -> "dict[str, MessageAttributeValueTypeDef]":
    """The attribute by which a message's consumer continues a trace: this one, or that `of` a traceparent."""
    current = of or traceparent()
    return {} if current is None else {HEADER: _text(current)}


def reason_attributes(reason: str) -> "dict[str, MessageAttributeValueTypeDef]":
    """The attribute of a dead letter that `redrive` shows."""
    return {"reason": _text(_OTHER.sub(" ", reason)[:LONGEST_REASON].strip() or "unknown")}


def delay_attributes(delay_s: int) -> "dict[str, MessageAttributeValueTypeDef]":
    """The attribute by which a consumer tells the delay that was wanted from the queue's own."""
    return {_DELAY: {"DataType": "Number", "StringValue": str(delay_s)}} if delay_s else {}


def delay_of(record: Mapping[str, Any]) -> int:
    """The seconds for which a message was held back on purpose."""
    value = record.get("messageAttributes", {}).get(_DELAY, {}).get("stringValue", "0")
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else 0


def trace_of(record: Mapping[str, Any]) -> str | None:
    """What a record of Lambda's event says about its trace, valid or not; None if it says nothing."""
    value = record.get("messageAttributes", {}).get(HEADER, {}).get("stringValue")
    return value if isinstance(value, str) else None


def _text(value: str) -> "MessageAttributeValueTypeDef":
    return {"DataType": "String", "StringValue": value}

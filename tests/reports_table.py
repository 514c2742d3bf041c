"""The reports table, as stacks/storage/stack.py declares it, for stores that no stack made."""

from typing import Any

TABLE = "reports"


def declaration() -> dict[str, Any]:
    """What `create_table` takes."""
    attributes = {"pk": "HASH", "sk": "RANGE", "unfinished": "HASH"}
    return {
        "TableName": TABLE,
        "KeySchema": [{"AttributeName": name, "KeyType": attributes[name]} for name in ("pk", "sk")],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "unfinished",
                "KeySchema": [{"AttributeName": "unfinished", "KeyType": "HASH"}],
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": ["lease_until", "touched_at"],
                },
            }
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }

"""The writes to the reports table, each as one entry of a transaction."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.core.domain.stored_report import LeasedReport, RequestKey, StoredReport, address
from services.core.storage.rows import to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

KEY_LIFE = timedelta(days=1)
COUNT_LIFE = timedelta(days=2)
HELD = "lease = :holder"


class ReportWrites:
    """Makes entries for one table."""

    def __init__(self, table: str) -> None:
        self._table = table

    def insert(self, new: StoredReport) -> "TransactWriteItemTypeDef":
        """Write the report's row if there is none."""
        return self._put(new, "attribute_not_exists(pk)")

    def end(self, leased: LeasedReport) -> "TransactWriteItemTypeDef":
        """Write an ended report over its row, if this worker still holds it."""
        put = self._put(leased, f"attribute_exists(pk) AND {HELD}")
        put["Put"]["ExpressionAttributeValues"] = to_item({":holder": leased.lease.holder})
        return put

    def remove(self, stored: StoredReport) -> "TransactWriteItemTypeDef":
        """Delete the report's row if there is one."""
        return {
            "Delete": {
                "TableName": self._table,
                "Key": to_item(address(stored.owner, f"report#{stored.report.id}")),
                "ConditionExpression": "attribute_exists(pk)",
            }
        }

    def claim_key(self, new: StoredReport, key: RequestKey) -> "TransactWriteItemTypeDef":
        """Assign the key to the report, if the key is free or has expired."""
        created = new.report.created_at
        row = {
            **address(new.owner, f"key#{key.name}"),
            "report_id": new.report.id,
            "digest": key.digest,
            "expires_at": int((created + KEY_LIFE).timestamp()),
        }
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(row),
                "ConditionExpression": "attribute_not_exists(pk) OR expires_at < :now",
                "ExpressionAttributeValues": to_item({":now": int(created.timestamp())}),
            }
        }

    def free_key(self, stored: StoredReport, key: RequestKey) -> "TransactWriteItemTypeDef":
        """Delete the key, unless it has been assigned to another report since."""
        return {
            "Delete": {
                "TableName": self._table,
                "Key": to_item(address(stored.owner, f"key#{key.name}")),
                "ConditionExpression": "attribute_not_exists(pk) OR report_id = :id",
                "ExpressionAttributeValues": to_item({":id": stored.report.id}),
            }
        }

    def count_up(self, new: StoredReport, quota: int) -> "TransactWriteItemTypeDef":
        """Count the report in its day, if the day has fewer than `quota`."""
        update = self._count(new, {":number": 1, ":quota": quota})
        update["Update"]["ConditionExpression"] = "attribute_not_exists(reports) OR reports < :quota"
        return update

    def count_down(self, stored: StoredReport) -> "TransactWriteItemTypeDef":
        """Remove the report from its day's count."""
        return self._count(stored, {":number": -1})

    def _count(self, stored: StoredReport, values: dict[str, int]) -> "TransactWriteItemTypeDef":
        created = stored.report.created_at
        expires = int((created + COUNT_LIFE).timestamp())
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item(count_address(stored.owner, created)),
                "UpdateExpression": "ADD reports :number SET expires_at = :expires",
                "ExpressionAttributeValues": to_item({**values, ":expires": expires}),
            }
        }

    def _put(self, stored: StoredReport, condition: str) -> "TransactWriteItemTypeDef":
        return {
            "Put": {"TableName": self._table, "Item": to_item(stored.row()), "ConditionExpression": condition}
        }


def count_address(owner: str, moment: datetime) -> dict[str, str]:
    """The primary key of the owner's count for the day of `moment`, in UTC."""
    return address(owner, f"quota#{moment:%Y-%m-%d}")

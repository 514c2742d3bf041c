"""CloudWatch Logs Insights: queries of an environment's log groups, and the lines that they find."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.errors import UserError, code_of
from cli.log_lines import parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import GetQueryResultsResponseTypeDef

    from cli.log_lines import Line

# Insights' own limits: log groups of a query, lines of an answer.
MOST_GROUPS, MOST_LINES = 50, 10_000
# Insights itself stops a query after an hour.
WITHIN_S, POLL_S = 300.0, 1.0
_ENDED = {"Complete", "Failed", "Cancelled", "Timeout", "Unknown"}


class Insights:
    """Queries of one set of log groups and one period; `scanned_mb` is what they have read and AWS bills."""

    def __init__(
        self, client: CloudWatchLogsClient, groups: Sequence[str], begin: datetime, end: datetime
    ) -> None:
        self._client = client
        self._groups = groups
        self._begin, self._end = int(begin.timestamp()), int(end.timestamp())
        self.scanned_mb = 0.0

    def lines(self, query: str) -> list[Line]:
        """Return the lines that a query finds, at most MOST_LINES of each 50 groups."""
        starts = range(0, len(self._groups), MOST_GROUPS)
        return [line for at in starts for line in self._of(self._groups[at : at + MOST_GROUPS], query)]

    def _of(self, groups: Sequence[str], query: str) -> list[Line]:
        try:
            started = self._client.start_query(
                logGroupNames=list(groups),
                startTime=self._begin,
                endTime=self._end,
                queryString=query,
                limit=MOST_LINES,
            )
        except ClientError as error:
            if code_of(error) != "LimitExceededException":
                raise
            raise UserError(
                "Too many queries of Logs Insights run in this account.",
                hint="Run the command again in a minute.",
            ) from error
        answer = self._answer(started["queryId"])
        self.scanned_mb += answer.get("statistics", {}).get("bytesScanned", 0.0) / 1e6
        texts = (field["value"] for row in answer["results"] for field in row if field["field"] == "@message")
        return [line for text in texts if (line := parse(text)) is not None]

    def _answer(self, query_id: str) -> GetQueryResultsResponseTypeDef:
        until = time.monotonic() + WITHIN_S
        try:
            while True:
                answer = self._client.get_query_results(queryId=query_id)
                if answer["status"] in _ENDED:
                    break
                if time.monotonic() > until:
                    raise UserError(
                        f"Logs Insights has not answered within {WITHIN_S:.0f} s.",
                        hint="Ask for a shorter time by --since (make: SINCE=1h).",
                    )
                time.sleep(POLL_S)
        except BaseException:
            # Also when interrupted: a query without a reader costs as well.
            self._client.stop_query(queryId=query_id)
            raise
        if answer["status"] != "Complete":
            raise UserError(
                f"Logs Insights ended the query as {answer['status'].lower()}.",
                hint="Run the command again, or ask for a shorter time by --since (make: SINCE=1h).",
            )
        return answer

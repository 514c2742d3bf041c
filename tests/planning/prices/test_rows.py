"""Rows of a CSV file: wrong ones are refused by line and column, and what is written reads back."""

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.errors import PlanningError
from planning.prices import llms, price_list
from planning.prices.price_list import Price, all_prices
from planning.prices.rows import csv_of, read_rows

HEADER = "item,region,usd,unit,source,as_of,confidence"
GOOD = "lcu,us-east-1,0.008,hour,a page,2026-06-01,listed"


@pytest.mark.parametrize("file", [price_list.FILE, llms.FILE])
def test_committed_files_are_written_alike(file: Path) -> None:
    rows = read_rows(file, Price) if file == price_list.FILE else read_rows(file, llms.Llm)
    assert csv_of(rows) == file.read_text("utf-8")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lcu,us-east-1,,hour,a page,2026-06-01,listed", "line 3, usd: .*number; it is None"),
        ("lcu,us-east-1,free,hour,a page,2026-06-01,listed", "line 3, usd: .*; it is 'free'"),
        ("lcu,us-east-1,-1,hour,a page,2026-06-01,listed", "line 3, usd: .*greater than or equal to 0"),
        ("lcu,us-east-1,inf,hour,a page,2026-06-01,listed", "line 3, usd: .*finite"),
        ("lcu,us-east-1,1,hour,a page,06/01/2026,listed", "line 3, as_of: .*; it is '06/01/2026'"),
        ("lcu,us-east-1,1,hour,a page,2026-06-01,sure", "line 3, confidence: .*'listed' or 'assumed'"),
        ("lcu,us-east-1,1,hour,,2026-06-01,listed", "line 3, source: .*; it is None"),
        ("lcu,us-east-1,1,hour,a page, of AWS,2026-06-01,listed", "line 3: it has more cells"),
        ("lcu", "line 3, region"),
        ('lcu,us-east-1,1,hour,"a page,2026-06-01,listed', "cannot be read as CSV"),
    ],
)
def test_wrong_row_names_line_and_column(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "aws.csv"
    file.write_text(f"{HEADER}\n{GOOD}\n{line}\n", "utf-8")
    with pytest.raises(PlanningError, match=message):
        read_rows(file, Price)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "its columns are none"),
        (b"item,region\n", "its columns are item, region"),
        (b"\xff\xfe", "cannot be read as CSV"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "aws.csv"
    file.write_bytes(content)
    with pytest.raises(PlanningError, match=message):
        read_rows(file, Price)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanningError, match=r"cannot be read as CSV: .*No such file"):
        read_rows(tmp_path / "none.csv", Price)


def test_price_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "aws.csv"
    file.write_text(f"{HEADER}\n{GOOD}\n{GOOD}\n", "utf-8")
    with pytest.raises(PlanningError, match="lcu has two prices in us-east-1"):
        all_prices(file)


@dataclass(frozen=True)
class Row:
    name: str
    usd: float
    end: date | None


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1)


@settings(max_examples=40)
@given(st.lists(st.builds(Row, texts, st.floats(0, 1e12), st.none() | st.dates()), min_size=1, max_size=4))
def test_written_rows_read_back(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rows.csv")
        file.write_text(csv_of(rows), "utf-8", newline="")
        assert read_rows(file, Row) == tuple(rows)


def test_no_powers_of_ten_are_written() -> None:
    assert csv_of([Row("a", 0.0000133334, None), Row("b", 1e6, date(2026, 1, 2))]) == (
        "name,usd,end\na,0.0000133334,\nb,1000000,2026-01-02\n"
    )

"""Lists of users that are read: forms of dates, encodings, separators, and who is counted as what."""

import csv
import io
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.users.reading import read_users
from planning.users.user_list import UserList

TODAY = date(2026, 11, 27)


def read(text: str, encoding: str = "utf-8") -> UserList:
    return read_users(io.BytesIO(text.encode(encoding)), "users.csv", TODAY)


def days(users: UserList) -> dict[str, int]:
    return {
        (users.first + timedelta(days=after)).isoformat(): count
        for after, count in enumerate(users.signups)
        if count
    }


EXPORT = """\
instance_id,id,email,encrypted_password,email_confirmed_at,last_sign_in_at,raw_user_meta_data,created_at,confirmed_at,\
banned_until,is_anonymous,deleted_at
0,a,a@example.com,$2a$10$x,2026-04-03 12:34:56.7+00,2026-11-20 08:00:00.000001+00,"{""name"": ""A, B""}",\
2026-04-03 12:34:56.123456+00,2026-04-03 12:34:56.7+00,,false,
0,b,b@example.com,$2a$10$x,2026-04-03 12:34:56+00,2026-05-01 08:00:00+00,"{""about"": ""two
lines""}",2026-04-03 23:59:59+00,2026-04-03 12:34:56+00,,false,
0,c,c@example.com,$2a$10$x,,null,{},2026-04-05 00:00:00+00,null,NULL,false,null
"""


def test_supabase_export_is_counted() -> None:
    users = read(EXPORT)
    assert days(users) == {"2026-04-03": 2, "2026-04-05": 1}
    assert (users.total, users.first, users.last) == (3, date(2026, 4, 3), date(2026, 4, 5))
    assert users.left_out == {"unconfirmed": 1}
    assert users.active == 1  # of the two others, one signed in within 30 days before 20 November


def test_users_who_cannot_report() -> None:
    users = read(
        "created_at,deleted_at,banned_until,is_anonymous,confirmed_at\n"
        "2026-01-01,2026-02-01,,false,2026-01-01\n"
        "2026-01-01,,2036-01-01,false,2026-01-01\n"  # banned
        "2026-01-01,,2026-01-02,false,2026-01-01\n"  # was banned
        "2026-01-01,,,t,\n"
        "2026-01-01,,,f,\n"
    )
    assert users.left_out == {"anonymous": 1, "banned": 1, "deleted": 1, "unconfirmed": 1}
    assert (users.reporting(), users.reporting(anonymous=True)) == (1, 2)


@pytest.mark.parametrize(
    "written",
    [
        "2026-04-03", "2026/04/03", "2026.4.3",
        "2026-04-03T12:34:56Z", "2026-04-03T12:34:56.123Z", "2026-04-03 12:34:56.123456+00",
        "2026-04-03 12:34", "2026-04-03 12:34:56 UTC", "2026-04-03T12:34:56+00:00",
        "3 Apr 2026", "03-Apr-2026", "3 April 2026 12:34", "Apr 3, 2026", "April 3, 2026, 12:34 PM",
        "Fri, 03 Apr 2026 12:34:56 GMT", "Fri 03 Apr 2026 12:34:56 GMT+0000",
        "Fri Apr 03 2026 12:34:56 GMT+0000 (Coordinated Universal Time)",
        "2026-04-02T23:30:00-05:00", "2026-04-04 00:30:00+01", "2026-04-04 03:00:00+0530",
        "4/2/2026 11:30 PM -05:00",
    ],
)  # fmt: skip
def test_date_forms(written: str) -> None:
    other = "12/31/2025 01:00 AM -05:00\n" if written[1] == "/" else ""
    assert days(read(f'created_at\n{other}"{written}"\n'))["2026-04-03"] == 1


def test_one_clear_date_settles_a_column() -> None:
    day_first = read("created_at\n03/04/2026\n25/04/2026\n03/04/2026\n")
    assert days(day_first) == {"2026-04-03": 2, "2026-04-25": 1}
    assert day_first.notes == ("created_at is read day first, as row 3 shows: 25/04/2026",)
    month_first = read("created_at\n03/04/2026 10:00\n04/25/2026 11:00\n")
    assert days(month_first) == {"2026-03-04": 1, "2026-04-25": 1}


def test_same_day_and_month_is_clear() -> None:
    assert days(read("created_at\n04/04/2026\n05/05/2026\n")) == {"2026-04-04": 1, "2026-05-05": 1}


def test_future_counts_in_the_right_reading() -> None:
    # Month first, 12/03 would be in the future; row 3 proves that the day is first.
    assert days(read("created_at\n12/03/2026\n25/04/2026\n"))["2026-03-12"] == 1


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac-roman"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings(encoding: str) -> None:
    mark = "\ufeff" if encoding.startswith("utf-16-") else ""
    text = f"{mark}prénom;created_at\r\nZoé;2026-04-03\r\nÉlodie;2026-04-04\r\n"
    assert days(read(text, encoding)) == {"2026-04-03": 1, "2026-04-04": 1}


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\r\nid;created_at\r\n1;2026-04-03\r\n",
        '"sep=,"\r\n"id","created_at"\r\n"1","2026-04-03"\r\n',
        "sep=\t\nid\tcreated_at\n1\t2026-04-03\n",
        "id\tcreated_at\tnote\n1\t2026-04-03\ta,b;c\n",
        "id;note, long;created_at\n1;a,b,c;2026-04-03\n",
        '"id","created_at"\n"1","2026-04-03"\n',
        "id,created_at\r1,2026-04-03\r",  # Excel's CSV (Macintosh)
        "id,created_at,note\n1,2026-04-03\n",  # Excel leaves out empty cells
        "id,created_at,,\n1,2026-04-03,,,,\n,,,\n\n",
        "\n\n ID , Created At \n1, 2026-04-03 \n",
        "created_at\n2026-04-03",
    ],
)
def test_separators_and_exports_of_excel(text: str) -> None:
    assert days(read(text)) == {"2026-04-03": 1}


def test_a_day_ahead_of_utc_is_read() -> None:
    assert read("created_at\n2026-11-28\n").total == 1


def test_active_needs_sign_ins() -> None:
    assert read("created_at\n2026-04-03\n").active is None


FORMS: dict[str, Callable[[datetime], str]] = {
    "psql": lambda at: at.strftime("%Y-%m-%d %H:%M:%S.%f+00"),
    "json": lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "offset": lambda at: at.astimezone(timezone(timedelta(hours=-3, minutes=-30))).isoformat(),
    "date": lambda at: at.date().isoformat(),
    "words": lambda at: at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    "afternoons": lambda at: at.astimezone(timezone(timedelta(hours=9))).strftime("%d %B %Y %I:%M %p +09:00"),
}
MOMENTS = st.datetimes(datetime(2000, 1, 2), datetime(2026, 11, 27), timezones=st.just(UTC))


@given(
    moments=st.lists(MOMENTS, min_size=1, max_size=30),
    form=st.sampled_from(sorted(FORMS)),
    delimiter=st.sampled_from(",;\t"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    note=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_written_lists_are_read_back(
    moments: list[datetime], form: str, delimiter: str, quoting: int, encoding: str, note: str
) -> None:
    text = io.StringIO(newline="")
    rows = csv.writer(text, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    rows.writerow(["id", "note", "created_at"])
    rows.writerows([number, note, FORMS[form](moment)] for number, moment in enumerate(moments))
    assert days(read(text.getvalue(), encoding)) == Counter(at.date().isoformat() for at in moments)

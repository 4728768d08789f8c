"""Reading databases: exact text for every type, watermarks that lose nothing, clear refusals."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from accord.agreement import parse_duration
from accord.errors import SourceError
from accord.sources.pulled import SqlTerms
from accord.sources.sql import SqlReader, exact_text


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    """An empty database of each kind, and its URL."""
    if request.param == "postgres":
        yield request.getfixturevalue("postgres")
        return
    url = f"sqlite:///{tmp_path / 'warehouse.db'}"
    engine = create_engine(url)
    yield engine, url
    engine.dispose()


@pytest.fixture
def postgres(databases):
    with databases.new() as url:
        engine = create_engine(url)
        yield engine, url
        engine.dispose()


def run(engine, *statements):
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def reader(url, **terms):
    return SqlReader(terms=SqlTerms(**terms), url=url, where="sources.x.sql")


def read_all(one, cursor=None):
    rows, at = [], cursor or {}
    for page, moved in one.pages(at):
        rows += page
        at = moved
    return rows, at


def test_every_type_of_postgresql_becomes_its_exact_text(postgres):
    _, url = postgres
    query = """
        SELECT 12345678901234567890.10::numeric AS amount, 9223372036854775807::bigint AS big,
          timestamptz '2026-03-29 03:30:00+02' AS aware, timestamp '2026-03-29 02:30:00' AS naive,
          date '2026-02-28' AS day, true AS yes, NULL::text AS nothing, 0.1::float8 AS share,
          'a:b % ::c'::text AS words, '{"a": [1, "é"]}'::jsonb AS nested,
          '6f1c1e9e-5d0a-4a5c-8c8e-0c8f5d3f7a11'::uuid AS uuid, time '10:30' AS clock
    """
    rows, _ = read_all(reader(url, query=query))
    assert rows == [
        {
            "amount": "12345678901234567890.10",
            "big": "9223372036854775807",
            "aware": "2026-03-29T01:30:00+00:00",
            "naive": "2026-03-29T02:30:00",
            "day": "2026-02-28",
            "yes": "true",
            "nothing": None,
            "share": "0.1",
            "words": "a:b % ::c",
            "nested": '{"a": [1, "é"]}',
            "uuid": "6f1c1e9e-5d0a-4a5c-8c8e-0c8f5d3f7a11",
            "clock": "10:30:00",
        }
    ]


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_integers_of_64_bits_come_back_from_their_text(value):
    assert int(exact_text(value)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_come_back_from_their_text_without_an_exponent(value):
    written = exact_text(value)
    assert Decimal(written) == value
    assert "E" not in written


@given(st.datetimes(), st.integers(min_value=-14 * 60, max_value=14 * 60))
def test_stamps_with_a_zone_become_the_same_instant_in_utc(naive, minutes):
    zone = timezone(timedelta(minutes=minutes))
    if not datetime(2, 1, 1) < naive < datetime(9998, 1, 1):
        return
    aware = naive.replace(tzinfo=zone)
    written = exact_text(aware)
    assert datetime.fromisoformat(written) == aware
    assert written.endswith("+00:00")
    assert datetime.fromisoformat(exact_text(naive)) == naive


@pytest.mark.parametrize("value", [b"x", memoryview(b"x"), object(), timedelta(1), {"a": b"x"}])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(TypeError):
        exact_text(value)


def test_plain_values_read_as_they_are_written():
    values = [None, "x", True, False, date(2026, 1, 2), time(3, 4), UUID(int=1), 1.5]
    assert [exact_text(value) for value in values] == [
        None,
        "x",
        "true",
        "false",
        "2026-01-02",
        "03:04:00",
        "00000000-0000-0000-0000-000000000001",
        "1.5",
    ]


def test_bytes_are_one_clear_error_that_names_the_column(database):
    engine, url = database
    kind = "BYTEA" if engine.dialect.name == "postgresql" else "BLOB"
    content = "'\\x41'" if engine.dialect.name == "postgresql" else "x'41'"
    run(engine, f"CREATE TABLE t (id INT, photo {kind})", f"INSERT INTO t VALUES (1, {content})")
    with pytest.raises(SourceError, match=r"'photo' holds bytes.*leave it out"):
        read_all(reader(url, table="t"))


@pytest.mark.parametrize("page", [1, 2, 3, 7, 100])
def test_equal_watermarks_at_page_borders_lose_nothing(database, page):
    engine, url = database
    run(engine, "CREATE TABLE t (id INT, at TIMESTAMP)")
    for number in range(20):
        run(engine, f"INSERT INTO t VALUES ({number}, '2026-01-0{number // 6 + 1} 10:00:00')")
    one = reader(url, table="t", watermark="at", page=page, overlap=parse_duration("0s"))
    for stop in range(1, 20 // page + 1):  # broken off after any page, the next run has the rest
        seen, at = set(), {}
        for number, (rows, moved) in enumerate(one.pages({}), start=1):
            seen |= {row["id"] for row in rows}
            at = moved
            if number == stop:
                break
        rest, _ = read_all(one, at)
        assert seen | {row["id"] for row in rest} == {str(number) for number in range(20)}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("TIMESTAMP", ["2026-01-01 10:00:00", "2026-01-01 10:20:00", "2026-01-01 10:25:00"]),
        ("DATE", ["2026-01-01", "2026-01-03", "2026-01-04"]),
        ("TEXT", ["2026-01-01T10:00:00Z", "2026-01-01T10:20:00Z", "2026-01-01T10:25:00Z"]),
        ("TEXT", ["2026-01-01 10:00:00.5", "2026-01-01 10:20:00.0", "2026-01-01 10:25:00.0"]),
        ("TEXT", ["2026-01-01", "2026-01-03", "2026-01-04"]),
    ],
)
def test_the_overlap_reaches_back_in_the_type_of_the_watermark(database, kind, values):
    engine, url = database
    run(engine, f"CREATE TABLE t (id INT, at {kind})")
    for number, value in enumerate(values):
        run(engine, f"INSERT INTO t VALUES ({number}, '{value}')")
    one = reader(url, table="t", watermark="at")  # ten minutes; of days, one
    _, at = read_all(one)
    run(engine, f"INSERT INTO t VALUES (7, '{values[1].replace(':20', ':21')}')")
    again = {row["id"] for row in read_all(one, at)[0]}
    assert again == {"1", "2", "7"}


@pytest.mark.parametrize("kind", ["BIGINT", "NUMERIC(20, 0)"])
def test_a_number_may_be_the_watermark(database, kind):
    engine, url = database
    run(engine, f"CREATE TABLE t (id {kind})")
    run(engine, *(f"INSERT INTO t VALUES ({number})" for number in (5, 6, 9007199254740993)))
    _, at = read_all(reader(url, table="t", watermark="id"))
    run(
        engine, "INSERT INTO t VALUES (9007199254740994)", "INSERT INTO t VALUES (9007199254740990)"
    )
    found = read_all(reader(url, table="t", watermark="id"), at)[0]
    assert [row["id"] for row in found] == ["9007199254740993", "9007199254740994"]
    near = read_all(reader(url, table="t", watermark="id", overlap_count=10), at)[0]
    assert len(near) == 3


def test_a_stamp_with_a_zone_may_be_the_watermark(postgres):
    engine, url = postgres
    run(
        engine,
        "CREATE TABLE t (id INT, at TIMESTAMPTZ)",
        "INSERT INTO t VALUES (1, '2026-01-01 10:00+01'), (2, '2026-01-01 12:00+01')",
    )
    one = reader(url, table="t", watermark="at")
    _, at = read_all(one)
    assert datetime.fromisoformat(at["watermark"][1]) == datetime(2026, 1, 1, 11, tzinfo=UTC)
    assert [row["id"] for row in read_all(one, at)[0]] == ["2"]


def test_a_watermark_that_is_null_somewhere_is_refused_also_later(database):
    engine, url = database
    run(engine, "CREATE TABLE t (id INT, at TIMESTAMP)")
    run(engine, "INSERT INTO t VALUES (1, '2026-01-01 10:00:00')")
    one = reader(url, table="t", watermark="at")
    _, at = read_all(one)
    run(engine, "INSERT INTO t VALUES (2, NULL)")
    for cursor in ({}, at):
        with pytest.raises(SourceError, match="watermark at is null"):
            read_all(one, cursor)


def test_rows_written_while_pages_are_read_move_none_of_them(postgres):
    engine, url = postgres
    run(engine, "CREATE TABLE t (id INT, at TIMESTAMP)")
    run(
        engine,
        "INSERT INTO t SELECT n, timestamp '2026-01-01' + n * interval '1 minute' "
        "FROM generate_series(1, 500) AS n",
    )
    pages = reader(url, table="t", watermark="at", page=100).pages({})
    seen = [row["id"] for row in next(pages)[0]]
    run(engine, "UPDATE t SET at = '2026-02-01' WHERE id IN (3, 200, 400)")
    seen += [row["id"] for rows, _ in pages for row in rows]
    assert seen == [str(number) for number in range(1, 501)]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"query": "SELECT 1 AS a, 2 AS a"}, "two columns named 'a'"),
        ({"query": "SELECT 1 AS a", "watermark": "b"}, "refuses|no column 'b'"),
        ({"query": "SELECT x'41' AS a", "watermark": "a"}, "refuses|is a|holds|is text that"),
        ({"query": "SELECT 'monday' AS a", "watermark": "a"}, "no ISO stamp"),
        ({"query": "SELEC secret FROM t"}, "the database refuses"),
    ],
)
def test_a_query_that_cannot_be_read_is_one_clear_error(database, terms, expected):
    _, url = database
    with pytest.raises(SourceError, match=expected) as caught:
        read_all(reader(url, **terms), read_all(reader(url, **terms))[1])
    assert "SELE" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "nodriver://ann:geheim@127.0.0.1/x",
        "postgresql+psycopg://ann:geheim@127.0.0.1:1/x",
        "sqlite:////nowhere/at/all.db",
    ],
)
def test_a_database_that_is_not_there_is_one_error_without_its_address(url):
    with pytest.raises(SourceError) as caught:
        read_all(reader(url, table="t"))
    assert "geheim" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


def test_a_query_may_end_in_a_semicolon_or_a_comment_and_hold_colons(database):
    _, url = database
    for tail in (";", " -- the end", ";\n"):
        query = f"SELECT 1 AS n, '10:30 :x' AS words{tail}"
        assert read_all(reader(url, query=query, watermark="n"))[0] == [
            {"n": "1", "words": "10:30 :x"}
        ]


def test_a_table_may_stand_in_a_schema_and_have_capitals(postgres):
    engine, url = postgres
    run(
        engine,
        "CREATE SCHEMA sales",
        'CREATE TABLE sales."People" (id INT, "At" INT)',
        'INSERT INTO sales."People" VALUES (1, 2)',
    )
    rows, at = read_all(reader(url, table="sales.People", watermark="At"))
    assert rows == [{"id": "1", "At": "2"}]
    assert at == {"watermark": ["int", "2"]}

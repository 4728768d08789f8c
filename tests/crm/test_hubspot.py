"""The HubSpot reader against a server on 127.0.0.1 that fails in every way of the real one."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import islice

import pytest
import stamina

from accord.crm import hubspot
from accord.crm.hubspot import HubspotReader
from accord.crm.hubspot_http import HubspotHttp
from accord.crm.patience import Patience
from accord.errors import SourceError
from accord.sources import pulled
from tests.crm.hubspot_server import DAILY, START, TOKEN, HubspotServer
from tests.crm.service import Answer, Cut, Slow

COLUMNS = ("id", "properties.email", "createdAt")


@pytest.fixture(autouse=True)
def no_waiting():
    with stamina.set_testing(True, attempts=8, cap=True):
        yield


@pytest.fixture
def server():
    running = HubspotServer()
    yield running
    running.close()


@pytest.fixture
def read(server):
    """Build a reader of the server."""
    opened = []

    def build(object="contacts", columns=COLUMNS, **changes):  # noqa: A002 - HubSpot's own word
        terms = {"page": 100, "overlap": timedelta(0), "version": "v3", "token": TOKEN} | changes
        http = HubspotHttp.open(
            url=server.url,
            token=terms["token"],
            timeout_seconds=terms.get("timeout", 5),
            where="sources.contacts.hubspot",
            version=terms["version"],
            variable="HUBSPOT_TOKEN",
            patience=Patience(
                tries=terms.get("tries", 8), wait_seconds=terms.get("wait_seconds", 60)
            ),
        )
        opened.append(http)
        return HubspotReader(
            http=http,
            object=object,
            columns=columns,
            page=terms["page"],
            overlap=terms["overlap"],
        )

    yield build
    for http in opened:
        http.close()


def fill(server, count=350, kind="contacts"):
    for number in range(1, count + 1):
        server.put(kind, number, email=f"{number}@b.co")


def read_all(reader, cursor=None):
    """Every record read, in order, and the cursor at the end."""
    records, at = [], cursor or {}
    for page, moved in reader.pages(at):
        records += page
        at = moved
    return records, at


def ids(records):
    return [int(record["id"]) for record in records]


def test_the_first_pass_reads_every_record_once_in_the_order_of_ids(server, read):
    fill(server)
    records, cursor = read_all(read())
    assert ids(records) == list(range(1, 351))
    assert records[0]["properties"] == {"email": "1@b.co"}
    assert cursor == {"since": server.objects["contacts"][350]["updatedAt"]}


def test_the_next_pass_reads_what_changed_since_and_the_last_again(server, read):
    fill(server)
    _, cursor = read_all(read())
    server.put("contacts", 7, email="new@b.co")
    server.put("contacts", 351, email="351@b.co")
    records, moved = read_all(read(), cursor)
    assert ids(records) == [7, 350, 351]
    assert moved["since"] > cursor["since"]


def test_the_overlap_reaches_back_for_records_that_the_search_showed_late(server, read):
    fill(server, count=100)
    _, cursor = read_all(read())
    server.put_at(server.now - timedelta(seconds=30), "contacts", 101, email="late@b.co")
    assert ids(read_all(read(), cursor)[0]) == [100]
    assert 101 in ids(read_all(read(overlap=timedelta(minutes=1)), cursor)[0])


def test_records_that_change_between_pages_are_read_all_the_same(server, read):
    fill(server)

    def change(server):
        for number in (3, 120, 340):  # read already, to be read, to be read last
            server.put("contacts", number, email="moved@b.co")

    server.after_request = {4: change}
    records, cursor = read_all(read())
    assert ids(records) == list(range(1, 351))
    again, _ = read_all(read(), cursor)
    assert {3, 120, 340} <= set(ids(again))


def test_more_records_with_one_instant_than_a_search_gives_are_all_read(server, read):
    for number in range(1, 10_302):  # a bulk update stamps them alike
        server.put_at(START, "contacts", number, email="x@b.co")
    records, _ = read_all(read(page=200))
    assert ids(records) == list(range(1, 10_302))


def test_a_pass_broken_off_goes_on_after_the_last_page_taken_and_then_a_new_one(server, read):
    fill(server)
    first = list(islice(read().pages({}), 2))
    server.put("contacts", 5, email="new@b.co")
    rest, cursor = read_all(read(), first[-1][1])
    assert ids(rest) == [*range(201, 351), 5, 350]
    assert cursor == {"since": server.objects["contacts"][5]["updatedAt"]}


@pytest.mark.parametrize(
    "fault",
    [
        Answer(status=429, headers={"Retry-After": "9"}),
        Answer(status=429),
        Answer(status=500, body="<html>"),
        Answer(status=503, headers={"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}),
        Cut(),
        Answer(body="[1, 2"),
    ],
    ids=["429 with seconds", "429", "500", "503 with a date", "cut in the page", "half an answer"],
)
def test_whatever_fails_every_third_request_loses_and_doubles_nothing(server, read, fault):
    fill(server)
    server.fail(every=3, fault=fault)
    assert ids(read_all(read())[0]) == list(range(1, 351))


def test_an_answer_that_takes_too_long_is_asked_for_again(server, read):
    fill(server, count=5)
    server.plan = {3: Slow(1.0)}
    assert ids(read_all(read(timeout=0.3))[0]) == [1, 2, 3, 4, 5]


def test_retry_after_is_waited_for(server, read):
    fill(server, count=5)
    server.plan = {2: Answer(status=429, headers={"Retry-After": "1"})}
    begun = time.monotonic()
    with stamina.set_testing(False):
        read_all(read())
    assert time.monotonic() - begun >= 1


def test_a_wait_longer_than_patience_is_not_begun(server, read):
    fill(server, count=5)
    server.plan = {2: Answer(status=429, headers={"Retry-After": "61"})}
    begun = time.monotonic()
    with stamina.set_testing(False), pytest.raises(SourceError, match="answers 429"):
        read_all(read(wait_seconds=60))
    assert time.monotonic() - begun < 10


def test_a_service_that_never_recovers_ends_in_one_error_after_what_was_read(server, read):
    fill(server)
    server.plan = dict.fromkeys(range(5, 100), Answer(status=500))
    pages = read(tries=4).pages({})
    assert len(ids(next(pages)[0])) == 100
    assert len(ids(next(pages)[0])) == 100
    with pytest.raises(SourceError, match="however often it was asked: it answers 500"):
        next(pages)
    assert len(server.requests) == 4 + 4


def test_the_daily_limit_stops_at_once_and_says_that_the_next_run_goes_on(server, read):
    fill(server)
    server.plan = {4: DAILY}
    pages = read().pages({})
    next(pages)
    with pytest.raises(SourceError, match=r"daily limit.*the next run goes on"):
        next(pages)
    assert len(server.requests) == 4


def test_an_expired_token_is_one_error_that_names_its_variable_and_not_the_token(server, read):
    fill(server)
    pages = read().pages({})
    next(pages)
    server.token = "renewed"  # noqa: S105
    with pytest.raises(SourceError, match="HUBSPOT_TOKEN") as caught:
        next(pages)
    assert TOKEN not in str(caught.value)


def test_no_text_of_a_refusal_reaches_the_error(server, read):
    fill(server, count=1)
    body = {"category": "MISSING_SCOPES", "message": "ann@b.co may not"}
    server.plan = {2: Answer(status=403, body=body)}
    with pytest.raises(SourceError, match=r"403 \(MISSING_SCOPES\)") as caught:
        read_all(read())
    assert "ann" not in str(caught.value)


@pytest.mark.parametrize("first", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "body",
    [
        {"results": "x"},
        [],
        {"results": [{"id": "x"}]},
        {"results": [7, None]},
        {"results": [{"id": "1", "properties": None}]},
        {"results": [{"from": {}, "to": [{}]}]},
        {},
    ],
)
def test_an_answer_of_another_shape_is_one_clear_error(server, read, body, first):
    fill(server, count=1, kind="calls")
    server.plan = dict.fromkeys(range(first, 20), Answer(body=body))
    with pytest.raises(SourceError):
        read_all(read(object="calls", columns=(*COLUMNS, "associations.contacts")))


def test_owners_of_another_shape_are_one_clear_error(server, read):
    server.plan = {1: Answer(body={"results": [7]})}
    with pytest.raises(SourceError):
        read_all(read(object="owners", columns=("id",)))


def test_records_out_of_order_are_refused_since_going_on_would_lose_some(server, read):
    fill(server, count=3)
    records = [
        {"id": one, "properties": {"lastmodifieddate": "2026-01-01T00:00:00Z"}} for one in "231"
    ]
    server.plan = {3: Answer(body={"results": records})}
    with pytest.raises(SourceError, match="order"):
        read_all(read())


def test_a_property_that_does_not_exist_is_named_with_the_nearest(server, read):
    fill(server, count=1)
    with pytest.raises(SourceError, match=r"'properties.emial'.*did you mean properties.email"):
        read_all(read(columns=("id", "properties.emial")))


def test_a_property_that_is_empty_everywhere_is_still_a_column(server, read):
    fill(server, count=2)
    server.put("contacts", 3, phone="1")
    records, _ = read_all(read(columns=("id", "properties.phone")))
    assert [record["properties"] for record in records] == [
        {"phone": None},
        {"phone": None},
        {"phone": "1"},
    ]


def test_an_engagement_knows_the_contact_it_is_about(server, read):
    fill(server, kind="calls", count=120)
    server.links["calls", "contacts"] = {"1": ["9", "10"], "120": ["12345678901234567890"]}
    records, _ = read_all(read(object="calls", columns=("id", "associations.contacts"), page=120))
    found = {record["id"]: record["associations"]["contacts"] for record in records}
    assert found["1"] == "9"
    assert found["2"] is None
    assert found["120"] == "12345678901234567890"
    asked = [one for one in server.requests if "associations" in one.path]
    assert len(asked) == 2


def test_owners_come_whole_page_by_page(server, read):
    server.owners = [{"id": str(n), "email": f"{n}@b.co"} for n in range(230)]
    for _ in range(2):
        records, cursor = read_all(read(object="owners", columns=("id", "email", "firstName")))
        assert ids(records) == list(range(230))
        assert records[0]["firstName"] is None
        assert cursor == {}


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (
            "v3",
            {
                "/crm/v3/properties/calls",
                "/crm/v3/objects/calls/search",
                "/crm/v4/associations/calls/contacts/batch/read",
            },
        ),
        (
            "2026-03",
            {
                "/crm/properties/2026-03/calls",
                "/crm/objects/2026-03/calls/search",
                "/crm/associations/2026-03/calls/contacts/batch/read",
            },
        ),
    ],
)
def test_the_version_decides_the_paths(server, read, version, expected):
    fill(server, kind="calls", count=1)
    columns = ("id", "properties.email", "associations.contacts")
    read_all(read(object="calls", columns=columns, version=version))
    assert {one.path for one in server.requests} == expected


def test_an_account_without_a_record_gives_nothing(server, read):
    server.objects["contacts"] = {}
    assert read_all(read(columns=("id",))) == ([], {})


def test_the_terms_and_the_reader_know_the_same_objects():
    assert set(pulled.HUBSPOT_OBJECTS) == {*hubspot.OBJECTS, "owners"}

"""The Salesforce reader against a server on 127.0.0.1 that fails in every way of the real one."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice

import pytest
import stamina

from accord.crm import salesforce
from accord.crm.patience import Patience
from accord.crm.salesforce import SalesforceReader
from accord.crm.salesforce_http import Login, SalesforceHttp
from accord.errors import SourceError
from accord.sources import pulled
from tests.crm.salesforce_server import LIMIT, PASSWORD, SECRET, SalesforceServer
from tests.crm.service import Answer, Cut, Slow

COLUMNS = ("Id", "Email", "Owner.Email")


@pytest.fixture(autouse=True)
def no_waiting():
    with stamina.set_testing(True, attempts=8, cap=True):
        yield


@pytest.fixture
def server():
    running = SalesforceServer()
    yield running
    running.close()


@pytest.fixture
def read(server):
    """Build a reader of the server."""
    opened = []

    def build(columns=COLUMNS, *, login=None, overlap=timedelta(0), timeout=5, **changes):
        secrets = login or {"username": "ann@b.co", "password": PASSWORD, "security_token": "t"}
        http = SalesforceHttp(
            login=Login(url=server.url, version="59.0", variables="SALESFORCE_PASSWORD", **secrets),
            where="sources.leads.salesforce",
            timeout_seconds=timeout,
            patience=Patience(tries=changes.get("tries", 8), wait_seconds=60),
        )
        opened.append(http)
        return SalesforceReader(
            http=http,
            object="Lead",
            columns=columns,
            page=200,
            overlap=overlap,
            deleted=changes.get("deleted", False),
        )

    yield build
    for http in opened:
        http.close()


def fill(server, count=700):
    for number in range(1, count + 1):
        server.put("Lead", number, Email=f"{number}@b.co", Owner={"Email": "rep@b.co"})


def read_all(reader, cursor=None):
    records, at = [], cursor or {}
    for page, moved in reader.pages(at):
        records += page
        at = moved
    return records, at


def numbers(records):
    return [int(record["Id"][3:15]) for record in records]


def test_the_first_pass_reads_every_record_once(server, read):
    fill(server)
    records, cursor = read_all(read())
    assert numbers(records) == list(range(1, 701))
    assert records[0] == {
        "Id": "00Q000000000001AAA",
        "SystemModstamp": "2026-11-01T00:00:01.000+0000",
        "Email": "1@b.co",
        "Owner.Email": "rep@b.co",
    }
    assert cursor == {"since": "2026-11-01T00:11:40.000+0000"}


def test_the_next_pass_reads_what_changed_since_and_the_overlap(server, read):
    fill(server)
    _, cursor = read_all(read())
    server.put("Lead", 7, Email="new@b.co")
    assert numbers(read_all(read(), cursor)[0]) == [7, 700]
    records, _ = read_all(read(overlap=timedelta(seconds=2)), cursor)
    assert numbers(records) == [7, 698, 699, 700]


def test_records_that_change_between_pages_are_read_all_the_same(server, read):
    fill(server)

    def change(server):
        for number in (3, 300, 699):
            server.put("Lead", number, Email="moved@b.co")

    server.after_request = {3: change}
    records, cursor = read_all(read())
    assert numbers(records) == list(range(1, 701))
    assert {3, 300, 699} <= set(numbers(read_all(read(), cursor)[0]))


def test_a_pass_broken_off_goes_on_after_the_last_page_taken(server, read):
    fill(server)
    first = list(islice(read().pages({}), 2))
    rest, _ = read_all(read(), first[-1][1])
    assert numbers(rest) == [*range(401, 701), 700]


def test_a_place_that_the_service_forgot_is_found_again(server, read):
    fill(server)
    server.after_request = {4: SalesforceServer.lose_places}
    assert numbers(read_all(read())[0]) == list(range(1, 701))


@pytest.mark.parametrize(
    "fault",
    [
        Answer(status=429, headers={"Retry-After": "9"}),
        Answer(status=500, body="<html>"),
        Answer(status=503),
        Cut(),
        Answer(body="[1, 2"),
    ],
    ids=["429", "500", "503", "cut in the page", "half an answer"],
)
def test_whatever_fails_every_second_request_loses_and_doubles_nothing(server, read, fault):
    fill(server)
    server.fail(every=2, fault=fault)
    assert numbers(read_all(read())[0]) == list(range(1, 701))


@pytest.mark.parametrize("fault", [Cut(), Answer(status=503, body="down"), Slow(1.0)])
def test_a_login_that_fails_is_tried_again(server, read, fault):
    fill(server, count=3)
    server.plan = {1: fault}
    assert numbers(read_all(read(timeout=0.3))[0]) == [1, 2, 3]


def test_an_expired_session_logs_in_again_once(server, read):
    fill(server)
    server.after_request = {3: SalesforceServer.expire}
    assert numbers(read_all(read())[0]) == list(range(1, 701))
    assert server.logins == 2


def test_a_session_that_is_never_accepted_is_one_error_that_names_the_variable(server, read):
    fill(server, count=3)
    server.plan = dict.fromkeys(range(2, 9), Answer(status=401, body=[]))
    with pytest.raises(SourceError, match="SALESFORCE_PASSWORD") as caught:
        read_all(read())
    assert len(server.requests) == 2
    assert PASSWORD not in str(caught.value)


def test_a_refused_login_names_the_variables_and_neither_the_user_nor_the_secret(server, read):
    login = {"username": "ann@b.co", "password": "wrong", "security_token": "t"}
    with pytest.raises(SourceError, match=r"login \(.*INVALID_LOGIN\)") as caught:
        read_all(read(login=login))
    assert "SALESFORCE_PASSWORD" in str(caught.value)
    assert "ann" not in str(caught.value)
    assert "wrong" not in str(caught.value)


def test_a_connected_app_logs_in_by_its_secret(server, read):
    fill(server, count=3)
    login = {"client_id": "app", "client_secret": SECRET}
    assert numbers(read_all(read(login=login))[0]) == [1, 2, 3]
    with pytest.raises(SourceError, match="invalid_client"):
        read_all(read(login=login | {"client_secret": "wrong"}))


def test_the_limit_of_requests_stops_at_once_and_says_that_the_next_run_goes_on(server, read):
    fill(server)
    server.plan = {4: LIMIT}
    pages = read().pages({})
    next(pages)
    with pytest.raises(SourceError, match=r"limit of requests.*the next run goes on"):
        next(pages)
    assert len(server.requests) == 4


def test_a_column_that_does_not_exist_is_named_and_nothing_else_of_the_answer(server, read):
    fill(server, count=3)
    with pytest.raises(SourceError, match=r"400 \(INVALID_FIELD: Unknown__c\)") as caught:
        read_all(read(columns=("Id", "Unknown__c")))
    assert "ann" not in str(caught.value)


def test_deleted_records_come_only_where_they_are_asked_for(server, read):
    fill(server, count=3)
    server.put("Lead", 2, IsDeleted=True)
    assert numbers(read_all(read())[0]) == [1, 3]
    records, _ = read_all(read(columns=("Id", "IsDeleted"), deleted=True))
    assert [record["IsDeleted"] for record in records] == [False, True, False]


def test_a_related_record_that_is_not_there_leaves_its_columns_empty(server, read):
    fill(server, count=2)
    server.put("Lead", 2, Owner=None)
    records, _ = read_all(read())
    assert [record["Owner.Email"] for record in records] == ["rep@b.co", None]


def test_decimals_keep_the_text_that_was_sent(server, read):
    fill(server, count=1)
    body = '{"done": true, "records": [{"Id": "00Q000000000001AAA", "Amount": 0.10}]}'
    server.plan = {3: Answer(body=body)}
    assert read_all(read(columns=("Amount",)))[0][0]["Amount"] == "0.10"


@pytest.mark.parametrize("first", [2, 3])
@pytest.mark.parametrize(
    "body", [{"records": "x"}, [], {"records": [{"Id": "' OR"}]}, {"records": [7]}]
)
def test_an_answer_of_another_shape_is_one_clear_error(server, read, body, first):
    fill(server, count=1)
    server.plan = dict.fromkeys(range(first, 20), Answer(body=body))
    with pytest.raises(SourceError):
        read_all(read())


def test_an_object_without_a_record_gives_nothing(server, read):
    assert read_all(read()) == ([], {})


def test_the_terms_and_the_reader_know_the_same_objects():
    assert pulled.SALESFORCE_OBJECTS == salesforce.OBJECTS

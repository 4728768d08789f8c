"""The adapter that posts signed JSON, against a receiver on 127.0.0.1 built as the docs say."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from accord.crm import CrmSettings, Kept, Result, open_crm
from accord.crm.webhook_signing import sign
from accord.errors import DeliveryError, InputError
from tests.crm.conformance import AT, HOUR, SECRET_WORD, Conformance
from tests.crm.service import Answer, Done
from tests.crm.webhook_server import SECRET, WebhookServer, recipe


@pytest.fixture
def system():
    server = WebhookServer()
    yield server
    server.close()


@pytest.fixture
def connect(system):
    """Open an adapter on the receiver."""
    opened = []

    def build(**changes):
        settings = CrmSettings(
            **{"name": "webhook", "url": f"{system.url}/accord", "secret": SECRET, **changes}
        )
        opened.append(open_crm(settings, as_of=AT))
        return opened[-1]

    yield build
    for one in opened:
        one.close()


@pytest.fixture
def crm(connect):
    return connect()


class TestConformance(Conformance):
    secret_variable = "ACCORD_CRM_SECRET"  # noqa: S105 - its name

    @pytest.fixture
    def hasty(self, connect):
        return connect(timeout_seconds=0.35)

    @pytest.fixture(autouse=True)
    def _is_at_the_time_of_the_run(self, system):
        """The suite sends at other times too; the receiver's own clock is told of in its tests."""
        verify = system.is_from_accord
        system.is_from_accord = lambda header, body, secrets, _now: verify(
            header, body, secrets, int(header[2:12])
        )


suite = TestConformance()


def results(crm, items):
    return [one.result for one in crm.upsert(items, sent_at=AT)]


# The signature


def test_a_signature_is_what_the_documented_recipe_verifies():
    verify, body, now = recipe(), '{"items": "李"}'.encode(), AT.timestamp()
    header = sign(body, secrets=["one"], at=AT)
    assert verify(header, body, ["one"], now)
    assert verify(header, body, ["other", "one"], now)
    assert not verify(header, body, ["other"], now)
    assert not verify(header, body + b" ", ["one"], now)
    assert not verify(header.replace("t=1", "t=2"), body, ["one"], now)
    assert verify(header, body, ["one"], now + 900)
    assert not verify(header, body, ["one"], now + 901)
    for broken in ("", "t=", "v1=", "t=x,v1=y", "t=1", f"t={int(now)},v1=é", "=,,="):
        assert not verify(broken, body, ["one"], now)


def test_two_secrets_sign_while_receivers_change_over(system, connect):
    crm = connect(secret="new", secret_before=SECRET)  # noqa: S106
    assert results(crm, [suite.handoff(1)]) == [Result.TAKEN]
    system.secrets = ["new"]
    assert results(crm, [suite.handoff(2)]) == [Result.TAKEN]
    assert results(connect(secret="new"), [suite.handoff(3)]) == [Result.TAKEN]  # noqa: S106


def test_a_question_is_signed_with_the_time_of_the_run(system, crm):
    assert crm.read_back(["a"]) == {}
    assert system.requests[0].headers["Accord-Signature"].startswith(f"t={int(AT.timestamp())},")


def test_a_request_is_signed_with_the_time_it_goes_out_in_a_run_however_long(system):
    times = [AT + timedelta(minutes=20), AT + timedelta(minutes=40)]
    waiting = iter(times)
    settings = CrmSettings(name="webhook", url=f"{system.url}/accord", secret=SECRET)
    with closing(open_crm(settings, as_of=AT, now=lambda: next(waiting))) as crm:
        system.now = times[0].timestamp()
        assert results(crm, [suite.handoff(1)]) == [Result.TAKEN]
        system.now = times[1].timestamp()
        assert set(crm.read_back([suite.handoff(1).key])) == {suite.handoff(1).key}
    told = [one.headers["Accord-Signature"].partition(",")[0] for one in system.requests]
    assert told == [f"t={int(one.timestamp())}" for one in times]


def test_a_signature_that_is_too_old_may_be_a_matter_of_clocks(system, crm):
    system.now = AT.timestamp() + 901
    with pytest.raises(DeliveryError, match=r"401: check ACCORD_CRM_SECRET, .*and both clocks"):
        crm.upsert([suite.handoff(1)], sent_at=AT)


def test_a_token_goes_along_only_if_there_is_one(system, connect):
    results(connect(token=SECRET_WORD), [suite.handoff(1)])
    results(connect(), [suite.handoff(2)])
    first, second = system.requests
    assert first.headers["Authorization"] == f"Bearer {SECRET_WORD}"
    assert "Authorization" not in second.headers


# Requests


def test_a_request_holds_so_many_items_and_its_key_is_that_of_its_content(system, connect):
    crm = connect(batch=2)
    items = [suite.handoff(number, read_at=AT) for number in (1, 2, 3)]
    crm.upsert(items, sent_at=AT)
    crm.upsert(items, sent_at=AT + timedelta(minutes=1))
    sent = [[one["key"] for one in json.loads(r.body)["items"]] for r in system.requests]
    assert [len(keys) for keys in sent] == [2, 1, 2, 1]
    keys = [request.headers["Idempotency-Key"] for request in system.requests]
    assert keys[:2] == keys[2:]
    assert keys[0] != keys[1]
    assert json.loads(system.requests[0].body)["items"][0] == {
        "key": items[0].key,
        "kind": "handoff",
        "payload_hash": items[0].payload_hash,
        "read_at": "2026-11-16T14:00:00Z",
        "payload": items[0].payload,
    }


def test_the_key_of_a_request_is_that_of_its_effects_in_any_order_and_whatever_was_read_since(
    system, crm
):
    one, other = suite.handoff(1, read_at=AT), suite.message(1)
    changed = replace(one, payload=one.payload | {"priority": 1}, payload_hash="another")
    for items in ([one, other], [other, replace(one, read_at=AT + HOUR)], [one], [changed, other]):
        crm.upsert(items, sent_at=AT)
    for asked in ([one.key, other.key], [other.key, one.key], [one.key]):
        crm.read_back(asked)
    keys = [request.headers["Idempotency-Key"] for request in system.requests]
    assert keys[0] == keys[1]
    assert keys[4] == keys[5]
    assert len(set(keys)) == 5


def test_a_request_that_is_rejected_whole_is_halved_until_one_item_stands_alone(system, crm):
    items = [suite.handoff(number) for number in range(1, 9)]
    system.rejected = {items[5].key}
    outcomes = crm.upsert(items, sent_at=AT)
    assert [one.key for one in outcomes if one.result is Result.REFUSED] == [items[5].key]
    assert {one.result for one in outcomes} == {Result.TAKEN, Result.REFUSED}
    assert outcomes[5].error == "the receiver answers 422"
    assert [system.effects(item.key) for item in items] == [1] * 5 + [0] + [1] * 2


def test_after_a_request_that_did_not_get_through_no_more_are_sent(system, connect):
    crm = connect(batch=1)
    system.plan = {2: Answer(status=429, headers={"Retry-After": "9"})}
    outcomes = crm.upsert([suite.handoff(number) for number in (1, 2, 3)], sent_at=AT)
    assert [one.result for one in outcomes] == [Result.TAKEN, Result.REFUSED, Result.REFUSED]
    assert [one.retry_after for one in outcomes] == [None, 9, 9]
    assert len(system.requests) == 2


def test_what_follows_an_unknown_request_is_not_sent_and_not_unknown(system, connect):
    system.plan = {1: Done(Answer(status=502))}
    outcomes = connect(batch=1).upsert([suite.handoff(1), suite.handoff(2)], sent_at=AT)
    assert [one.result for one in outcomes] == [Result.UNKNOWN, Result.REFUSED]


# Answers


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=""),
        Answer(status=202, body="Accepted", headers={"Content-Type": "text/plain"}),
        Answer(status=204, body=""),
        Answer(body={"ok": True}),
        Answer(body=[1]),
    ],
)
def test_an_answer_of_200_without_results_takes_all(system, crm, answer):
    system.plan = {1: answer}
    assert results(crm, [suite.handoff(1), suite.message(1)]) == [Result.TAKEN] * 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=207, body={}),
        Answer(body="<html>Log in</html>", headers={"Content-Type": "text/html; charset=utf-8"}),
        Answer(body='{"results": [', headers={"Content-Type": "application/json"}),
        Answer(body={"results": []}),
        Answer(body={"results": [7, {"result": "taken"}, {"key": "handoff:h1:crm:7"}]}),
        Answer(body={"results": [{"key": "handoff:h1:crm:7", "result": "fine"}]}),
        Answer(status=408, body=""),
        Answer(status=503, body=""),
    ],
)
def test_an_answer_that_does_not_tell_of_an_item_leaves_it_unknown(system, crm, answer):
    system.plan = {1: answer}
    (outcome,) = crm.upsert([suite.handoff(1)], sent_at=AT)
    assert outcome.result is Result.UNKNOWN
    assert outcome.error


@pytest.mark.parametrize("status", [301, 307, 404, 405, 410, 501])
def test_a_wrong_address_is_one_error(system, crm, status):
    system.plan = {1: Answer(status=status, body="", headers={"Location": "http://127.0.0.1:1/"})}
    with pytest.raises(DeliveryError, match=f"{status}; ACCORD_CRM_URL"):
        crm.upsert([suite.handoff(1)], sent_at=AT)
    assert len(system.requests) == 1


def answered(system, crm, item, **told):
    system.plan = {1: Answer(status=207, body={"results": [{"key": item.key, **told}]})}
    (outcome,) = crm.upsert([item], sent_at=AT)
    return outcome


def test_all_that_a_receiver_tells_of_an_item_is_taken_over(system, crm):
    item = suite.handoff(1)
    outcome = answered(
        system,
        crm,
        item,
        result="taken",
        payload_hash=item.payload_hash,
        written_at="2026-11-16T15:00:01+01:00",
        remote={"contact": 5512},
        kept=[{"field": "owner", "theirs": "crm:9", "at": "2026-11-16T13:30:00Z"}, {"field": "x"}],
    )
    assert outcome.landed.payload_hash == item.payload_hash
    assert outcome.landed.written_at == AT + timedelta(seconds=1)
    assert outcome.landed.remote == {"contact": "5512"}
    kept = Kept(field="owner", ours="crm:7", theirs="crm:9", at=AT - HOUR / 2)
    assert outcome.kept == (kept,)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Zinnia Quill <zinnia@person.example>", "somebody else"),
        ("zinnia@person.example", "somebody else"),
        ("x" * 101, "somebody else"),
        ("", "somebody else"),
        ("crm:9", "crm:9"),
        (None, None),
    ],
)
def test_who_owns_a_lead_is_repeated_only_where_it_is_an_id(system, crm, said, told):
    kept = [{"field": "owner", "theirs": said}]
    outcome = answered(system, crm, suite.handoff(1), result="taken", kept=kept)
    assert [one.theirs for one in outcome.kept] == [told]
    assert [one.as_dict()["theirs"] for one in outcome.kept] == [told]


def test_a_stage_in_words_and_ids_that_are_none_are_not_repeated(system, crm):
    kept = [{"field": "stage", "theirs": "Ask Zinnia first"}]
    remote = {"contact": 5512, "of Zinnia Quill": "7", "note": "zinnia@person.example"}
    outcome = answered(system, crm, suite.handoff(1), result="taken", kept=kept, remote=remote)
    assert [one.theirs for one in outcome.kept] == ["something else"]
    assert outcome.landed.remote == {"contact": "5512"}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (0, 0),
        (59.5, 59.5),
        (86_400, 86_400),
        (1_794_837_600, 86_400),
        (10**400, 86_400),
        (-1, None),
        (float("inf"), None),
        (float("nan"), None),
        (True, None),
        ("60", None),
    ],
)
def test_a_pause_that_an_item_asks_for_is_a_day_at_most(system, crm, said, told):
    outcome = answered(system, crm, suite.handoff(1), result="refused", retry_after=said)
    assert outcome.retry_after == told


def test_parts_of_another_shape_count_as_not_told(system, crm):
    outcome = answered(
        system,
        crm,
        suite.handoff(1),
        result="taken",
        payload_hash=7,
        written_at="soon",
        remote=["x"],
        kept="all",
        retry_after="later",
    )
    assert (outcome.result, outcome.kept, outcome.retry_after) == (Result.TAKEN, (), None)
    assert (outcome.landed.payload_hash, outcome.landed.written_at) == (None, None)
    assert outcome.landed.remote == {}


def test_a_receiver_that_took_another_payload_is_in_conflict(system, crm):
    outcome = answered(system, crm, suite.handoff(1), result="taken", payload_hash="else")
    assert outcome.result is Result.CONFLICT


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("invalid_country", "the receiver says refused (invalid_country)"),
        ("zinnia", "the receiver says refused"),
        ("Zinnia Quill exists", "the receiver says refused"),
        (7, "the receiver says refused"),
        (None, "the receiver says refused"),
    ],
)
def test_an_error_is_repeated_only_where_it_is_a_code_and_nobodys_name(system, crm, said, told):
    outcome = answered(system, crm, suite.handoff(1), result="refused", error=said, retry_after=60)
    assert (outcome.result, outcome.error, outcome.retry_after) == (Result.REFUSED, told, 60)


# Reading back


@pytest.mark.parametrize(
    "answer",
    [
        *(Answer(status=status, body="") for status in (400, 404, 405, 422, 501)),
        Answer(body="ok"),
        Answer(body={"landed": "all"}),
    ],
)
def test_a_receiver_that_cannot_tell_has_the_item_sent_again_and_it_is_one_effect(
    system, crm, answer
):
    item = suite.handoff(1)
    system.plan = {1: Done(Answer(status=500)), 2: answer}
    assert results(crm, [item]) == [Result.UNKNOWN]
    assert crm.read_back([item.key]) == {}
    assert results(crm, [item]) == [Result.TAKEN]
    assert system.effects(item.key) == 1


def test_keys_alone_are_an_answer_too_and_keys_nobody_asked_for_are_none(system, crm):
    system.plan = {1: Answer(body={"landed": ["a", "c", {"key": "b"}, {"key": []}, 7]})}
    assert set(crm.read_back(["a", "b"])) == {"a", "b"}


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_a_question_that_is_not_answered_is_one_error(system, crm, status):
    system.plan = {1: Answer(status=status, headers={"Retry-After": "7"})}
    with pytest.raises(DeliveryError, match=str(status)) as caught:
        crm.read_back(["a"])
    assert caught.value.retry_after == (7 if status == 429 else None)


def test_many_keys_are_asked_for_in_several_questions(system, connect):
    crm = connect(batch=2)
    items = [suite.handoff(number) for number in (1, 2, 3)]
    crm.upsert(items, sent_at=AT)
    assert len(crm.read_back([*(item.key for item in items), items[0].key])) == 3


# Opening


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"url": ""}, "ACCORD_CRM_URL: is not set"),
        ({"url": f"ftp://{SECRET_WORD}@host"}, "ACCORD_CRM_URL: is no address"),
        ({"url": f"https:///{SECRET_WORD}"}, "ACCORD_CRM_URL: is no address"),
        ({"url": f"https://[{SECRET_WORD}"}, "ACCORD_CRM_URL: is no address"),
        ({"url": f"http://crm.example.com/{SECRET_WORD}"}, "ACCORD_CRM_URL: would send"),
        ({"url": "http://8.8.8.8/x"}, "ACCORD_CRM_URL: would send"),
        ({"secret": ""}, "ACCORD_CRM_SECRET: is not set"),
    ],
)
def test_what_is_missing_or_wrong_names_its_variable(change, found):
    settings = replace(
        CrmSettings(name="webhook", url="https://crm.example.com/x", secret=SECRET), **change
    )
    with pytest.raises(InputError, match=found) as caught:
        open_crm(settings, as_of=AT)
    assert SECRET_WORD not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1:1", "receiver:8080", "10.1.2.3", "crm.internal"])
def test_ones_own_network_may_be_reached_in_the_clear(host):
    settings = CrmSettings(name="webhook", url=f"http://{host}/x", secret=SECRET)
    open_crm(settings, as_of=AT).close()


def test_an_address_with_a_secret_is_in_no_log_and_not_shown(system, connect, caplog):
    with caplog.at_level("INFO"):
        crm = connect(url=f"{system.url}/{SECRET_WORD}")
        results(crm, [suite.handoff(1)])
    assert SECRET_WORD not in caplog.text
    assert SECRET_WORD not in repr(crm)

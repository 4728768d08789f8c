"""The adapter ``salesforce`` against an organisation on 127.0.0.1 with the real one's rules."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from accord.crm import Kept, Result
from accord.crm.opening import CrmSettings
from accord.crm.salesforce_fields import FIELDS
from accord.crm.salesforce_match import whole_id
from accord.crm.salesforce_write import open_salesforce
from accord.errors import DeliveryError, InputError
from tests.crm.conformance import AT, HOUR, SECRET_WORD, WORDS, Conformance, Fault, Lead
from tests.crm.salesforce_account import SalesforceAccount, record_id
from tests.crm.salesforce_server import LIMIT, SECRET
from tests.crm.service import Answer, Cut, Done, Slow, Vanish
from tests.killing import run_killed

DOWN = [{"errorCode": "SERVER_UNAVAILABLE", "message": "x"}]
LIMITED = Answer(status=503, headers={"Retry-After": "7"}, body=DOWN)
BROKEN = Answer(status=500, body=[{"errorCode": "UNKNOWN_EXCEPTION", "message": "ann@b.example"}])
FAULTS: dict[Fault, Any] = {
    Fault.LIMITED: LIMITED,
    Fault.ERROR_AFTER: Done(BROKEN),
    Fault.CUT_AFTER: Cut(),
    Fault.ERROR_BEFORE: BROKEN,
    Fault.CUT_BEFORE: Vanish(),
    Fault.SLOW: Slow(1),
}
STAGES = {"mql": "Open - Not Contacted", "sql": "Working - Contacted"}
SUITE = Conformance()


def define_fields(account):
    for kind, ours in FIELDS.items():
        account.defined[kind] = {
            name: {"name": name, "updateable": True, "externalId": "external id" in form}
            for name, form in ours.items()
        }


def user(rep: str) -> str:
    return record_id("User", 500 + int(rep.rpartition(":")[2]))


class SalesforceSystem:
    """The organisation as somebody sees it who may look into it."""

    def __init__(self, account: SalesforceAccount) -> None:
        self.account = account

    def tasks(self, key):
        tasks = self.account.objects.get("Task", {}).values()
        return [one for one in tasks if one["Accord_Key__c"] == key]

    def record(self, lead_id):
        leads = self.account.objects.get("Lead", {}).values()
        found = [one for one in leads if one.get("Accord_Lead_Id__c") == lead_id]
        assert len(found) <= 1
        return found[0] if found else None

    def effects(self, key):
        return len(self.tasks(key))

    def payload(self, key):
        (task,) = self.tasks(key)
        said = self.account.objects["Lead"][task["WhoId"]]
        return {"lead": {"title": said.get("Title"), "phone": said.get("Phone")}}

    def lead(self, lead_id):
        said = self.record(lead_id)
        if said is None:
            return None
        stages = {there: here for here, there in STAGES.items()}
        return Lead(
            owner=f"crm:{int(said['OwnerId'][3:15]) - 500}",
            stage=stages.get(said["Status"], said["Status"]),
            priority=str(said["Accord_Priority__c"]),
        )

    def edit(self, lead_id, *, at, owner=None, stage=None):
        said = {} if owner is None else {"OwnerId": user(owner)}
        said |= {} if stage is None else {"Status": STAGES.get(stage, stage)}
        self.account.edit(self.record(lead_id)["Id"], at, **said)

    def told(self, field, value):
        return f"salesforce:{user(value)}" if field == "owner" else value

    def fail(self, fault):
        if fault is Fault.UNREACHABLE:
            self.account.close()
        elif fault is Fault.SECRET:
            self.account.grants = False
        else:
            self.account.next_write = FAULTS[fault]

    def refuse(self, key):
        self.account.refused[key] = "FIELD_CUSTOM_VALIDATION_EXCEPTION"


class Organisation(SalesforceAccount):
    """``grants`` says whether it accepts our secret."""

    grants = True

    def respond(self, request):
        if request.path == "/services/oauth2/token" and not self.grants:
            return Answer(status=400, body={"error": "invalid_client", "x": SECRET_WORD})
        return super().respond(request)


@pytest.fixture
def account():
    running = Organisation()
    define_fields(running)
    for number in (7, 8, 9):
        running.make("User", 500 + number, Email=f"rep{number}@us.example")
    yield running
    running.close()


@pytest.fixture
def system(account):
    return SalesforceSystem(account)


@pytest.fixture
def build(account):
    opened = []

    def build(**changes):
        terms = {
            "timeout_seconds": 5,
            "salesforce_client_id": "app",
            "salesforce_client_secret": SECRET,
            "salesforce_url": account.url,
        }
        opened.append(open_salesforce(CrmSettings(**(terms | changes))))
        return opened[-1]

    yield build
    for one in opened:
        one.close()


@pytest.fixture
def crm(build):
    return build()


@pytest.fixture
def hasty(build):
    return build(timeout_seconds=0.35)


class TestSalesforce(Conformance):
    secret_variable = "ACCORD_SALESFORCE_CLIENT_SECRET"  # noqa: S105 - a name
    texts = {"title": WORDS, "phone": None}  # noqa: RUF012 - as its base has it


def handoff(number=1, **terms):
    return SUITE.handoff(number, **terms)


def send(crm, *items):
    outcomes = crm.upsert(items, sent_at=AT)
    SUITE.check_is_silent(*outcomes)
    return [one.result for one in outcomes]


def written(account):
    return [one for one in account.requests if account.writes(one)]


# Which Lead


def test_a_lead_that_came_from_this_organisation_is_its_own_record(crm, account):
    made = account.make("Lead", 123, Email="else@person.example", LastName="Anna")
    item = handoff(1)
    item.payload["lead_id"] = f"salesforce:{made[:15]}"
    assert send(crm, item) == [Result.TAKEN]
    assert [*account.objects["Lead"]] == [made]
    said = account.objects["Lead"][made]
    assert (said["Accord_Lead_Id__c"], said["LastName"]) == (f"salesforce:{made[:15]}", "Anna")


def test_a_lead_with_a_leads_address_is_that_one_the_oldest_if_there_are_several(crm, account):
    old = account.make("Lead", 44, Email=SUITE.email(1).upper(), IsConverted=True)
    first = account.make("Lead", 43, Email=SUITE.email(1).upper())
    account.make("Lead", 42, Email=SUITE.email(1))
    assert send(crm, handoff(1)) == [Result.TAKEN]
    assert len(account.objects["Lead"]) == 3
    assert account.objects["Lead"][first]["Accord_Lead_Id__c"] == "crm:1"
    assert "Accord_Lead_Id__c" not in account.objects["Lead"][old]


def test_a_converted_lead_stays_and_its_task_goes_to_what_it_became(crm, system, account):
    ends = {"ConvertedContactId": record_id("Contact", 5), "ConvertedOpportunityId": "006x"}
    made = account.make("Lead", 44, IsConverted=True, **ends)
    before = dict(account.objects["Lead"][made])
    item = handoff(1)
    item.payload["lead_id"] = f"salesforce:{made}"
    (outcome,) = crm.upsert([item], sent_at=AT)
    (task,) = system.tasks(item.key)
    assert (task["WhoId"], task["WhatId"]) == (record_id("Contact", 5), "006x")
    assert outcome.landed.remote["contact"] == record_id("Contact", 5)
    assert account.objects["Lead"] == {made: before}


def test_a_lead_that_came_as_a_contact_gets_its_task_there(crm, system, account):
    item = handoff(1)
    item.payload["lead_id"] = f"salesforce:{record_id('Contact', 5)}"
    assert send(crm, item) == [Result.TAKEN]
    assert system.tasks(item.key)[0]["WhoId"] == record_id("Contact", 5)
    assert "Lead" not in account.objects


def test_a_new_lead_without_a_company_or_a_name_is_made_all_the_same(crm, system):
    assert send(crm, handoff(1, company=None, name=None, title="x" * 500)) == [Result.TAKEN]
    said = system.record("crm:1")
    assert (said["LastName"], said["Company"]) == ("[not provided]", "[not provided]")
    assert len(said["Title"]) == 128


def test_quotes_and_backslashes_are_found_again(crm, account):
    email = "o'brien\\@person.example"
    assert (
        send(crm, handoff(1, email=email), handoff(1, key="it's \\ 1", email=email))
        == [Result.TAKEN] * 2
    )
    assert len(account.objects["Lead"]) == 1
    assert set(crm.read_back(["it's \\ 1"])) == {"it's \\ 1"}


@pytest.mark.parametrize("together", [True, False])
def test_two_leads_with_one_address_do_not_take_its_lead_from_each_other(
    crm, system, account, together
):
    one, other = handoff(1), handoff(2, owner="8", email=SUITE.email(1))
    if not together:
        crm.upsert([one], sent_at=AT)
    outcomes = crm.upsert([one, other], sent_at=AT)
    assert [outcome.result for outcome in outcomes] == [Result.TAKEN, Result.REFUSED]
    assert "accord identity merge crm:2 crm:1" in outcomes[1].error
    SUITE.check_is_silent(*outcomes)
    assert system.lead("crm:1").owner == "crm:7"
    assert (system.effects(other.key), len(account.objects["Lead"])) == (0, 1)


def test_a_lead_into_which_another_was_merged_goes_on_with_its_lead(crm, system, account):
    send(crm, handoff(2, email=SUITE.email(1)))
    item = handoff(1)
    item.payload["merged"] = ["crm:2"]
    assert send(crm, item) == [Result.TAKEN]
    assert len(account.objects["Lead"]) == 1
    assert system.record("crm:1")["Accord_Handoff_Key__c"] == item.key


def test_many_keys_are_asked_for_in_several_queries_and_pages(crm, account):
    items = [handoff(number, key=f"key {number} {'ü' * 100}") for number in range(1, 31)]
    account.page = 4
    assert set(send(crm, *items)) == {Result.TAKEN}
    assert len(crm.read_back([item.key for item in items])) == 30


# What is written


def test_a_handoff_writes_its_fields_and_a_task_for_its_owner(crm, system):
    item = handoff(1, priority=1)
    send(crm, item)
    said = system.record("crm:1")
    assert {name: said[name] for name in said if name.startswith("Accord_")} == {
        "Accord_Lead_Id__c": "crm:1",
        "Accord_Handoff_Key__c": item.key,
        "Accord_Payload_Hash__c": item.payload_hash,
        "Accord_Priority__c": 1,
        "Accord_Fit__c": 61.0,
        "Accord_Engagement__c": 44.5,
        "Accord_Intent__c": 30.0,
        "Accord_Why__c": "- title: 20.0 fit",
        "Accord_Due_At__c": "2026-11-16T14:05:00Z",
        "Accord_Stage__c": "mql",
        "Accord_Cycle__c": 1,
        "Accord_Timeline__c": "- 2026-11-15T09:00:00Z activity demo",
        "Accord_Owner__c": user("crm:7"),
        "Accord_Status__c": "Open - Not Contacted",
    }
    (task,) = system.tasks(item.key)
    assert (task["OwnerId"], task["WhoId"]) == (user("crm:7"), said["Id"])
    assert (task["Priority"], task["ActivityDate"]) == ("High", "2026-11-16")
    assert "not connected: call within 10m" in task["Description"]


def test_what_landed_is_told_with_its_records_there(crm, system):
    item = handoff(1)
    (outcome,) = crm.upsert([item], sent_at=AT)
    ids = {"lead": system.record("crm:1")["Id"], "task": system.tasks(item.key)[0]["Id"]}
    assert dict(outcome.landed.remote) == ids
    there = crm.read_back([item.key])[item.key]
    assert (dict(there.remote), there.payload_hash) == (ids, item.payload_hash)
    assert there.written_at is not None


def test_assignment_rules_of_its_own_do_not_take_the_lead_away(crm, system, account):
    send(crm, handoff(1))
    assert {one.headers["Sforce-Auto-Assign"] for one in written(account)} == {"FALSE"}
    assert system.lead("crm:1").owner == "crm:7"


def test_a_message_is_a_task_for_each_recipient_that_is_a_user(crm, system, account):
    send(crm, handoff(1))
    boss = account.make("User", 600, Email="boss@us.example")
    item = SUITE.message(1)
    account.next_write = Done(BROKEN)
    assert send(crm, item) == [Result.UNKNOWN]
    assert crm.read_back([item.key]) == {}
    assert send(crm, item) == [Result.TAKEN]
    (own,), (other,) = system.tasks(item.key), system.tasks(f"{item.key}:{boss}")
    assert (own["OwnerId"], other["OwnerId"]) == (user("crm:7"), boss)
    assert own["WhoId"] == other["WhoId"] == system.record("crm:1")["Id"]


def test_what_a_message_became_is_told_with_every_recipients_task(crm, system, account):
    """None of them may come back from Salesforce as what somebody did with the lead."""
    boss = account.make("User", 600, Email="boss@us.example")
    send(crm, handoff(1), handoff(2), SUITE.message(2))
    item = SUITE.message(1)
    (outcome,) = crm.upsert([item], sent_at=AT)
    (own,), (other,) = system.tasks(item.key), system.tasks(f"{item.key}:{boss}")
    lead = system.record("crm:1")["Id"]
    ids = {"task": own["Id"], f"task:{boss}": other["Id"], "lead": lead}
    assert dict(outcome.landed.remote) == ids
    assert dict(crm.read_back([item.key])[item.key].remote) == ids
    (again,) = crm.upsert([item], sent_at=AT)
    assert dict(again.landed.remote) == ids


# Who gets it


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("005000000000507", "005000000000507AAA"),
        ("00Q5g00000AbCdE", "00Q5g00000AbCdEEAV"),
        ("001A0000006Vm9r", "001A0000006Vm9rIAC"),
        ("005000000000507AAA", "005000000000507AAA"),
        ("short", "short"),
        ("", ""),
    ],
)
def test_an_id_of_a_report_is_brought_to_that_of_the_api(short, whole):
    assert whole_id(short) == whole


@pytest.mark.parametrize("length", [15, 18])
def test_a_user_by_an_id_of_either_length_is_the_same_and_no_persons_edit(
    crm, system, account, length
):
    def to(rep, key):
        item, name = handoff(1, key=key), f"salesforce:{user(rep)[:length]}"
        payload = item.payload | {"rep_id": name, "rep": {"rep_id": name, "email": None}}
        return replace(item, payload=payload, read_at=AT - 1000 * HOUR)

    assert send(crm, to("crm:7", "a")) == [Result.TAKEN]
    assert system.record("crm:1")["OwnerId"] == system.record("crm:1")["Accord_Owner__c"]
    (outcome,) = crm.upsert([to("crm:8", "b")], sent_at=AT)
    assert (outcome.result, outcome.kept) == (Result.TAKEN, ())
    assert system.lead("crm:1").owner == "crm:8"


def test_an_id_of_15_that_we_once_wrote_is_no_persons_edit(crm, system):
    send(crm, handoff(1))
    system.record("crm:1")["Accord_Owner__c"] = user("crm:7")[:15]
    item = handoff(1, key="b", owner="8", read_at=AT - 1000 * HOUR)
    (outcome,) = crm.upsert([item], sent_at=AT)
    assert outcome.kept == ()
    assert system.lead("crm:1").owner == "crm:8"


def test_a_rep_that_is_no_active_user_is_refused_by_id_and_the_others_go(crm, system, account):
    account.make("User", 566, Email="rep66@us.example", IsActive=False)
    items = [handoff(1), handoff(2, owner="66"), handoff(3)]
    outcomes = crm.upsert(items, sent_at=AT)
    assert [one.result for one in outcomes] == [Result.TAKEN, Result.REFUSED, Result.TAKEN]
    assert "crm:66 is no owner" in outcomes[1].error
    SUITE.check_is_silent(*outcomes)
    assert system.record("crm:2") is None


def test_two_active_users_with_one_address_are_nobody(crm, account):
    account.make("User", 600, Email="REP7@us.example")
    assert send(crm, handoff(1)) == [Result.REFUSED]


def test_a_user_who_left_since_is_looked_for_anew(crm, account):
    send(crm, handoff(1))
    account.make("User", 507, IsActive=False)
    account.make("User", 600, Email="rep7@us.example")
    assert send(crm, handoff(2)) == [Result.REFUSED]
    assert send(crm, handoff(2)) == [Result.TAKEN]


# People


@pytest.mark.parametrize(
    ("owner", "later", "wins"),
    [
        (record_id("User", 509), True, True),
        (record_id("User", 509), False, False),
        ("00G000000000007AAA", True, False),
    ],
    ids=["taken by a person since", "taken before we read", "in a queue"],
)
def test_a_lead_that_we_never_wrote_is_its_owners_if_somebody_took_it_since(
    crm, account, owner, later, wins
):
    made = account.make("Lead", 44, Email=SUITE.email(1))
    account.edit(made, AT, OwnerId=owner)
    read_at = AT - HOUR if later else AT + HOUR
    (outcome,) = crm.upsert([handoff(1, read_at=read_at)], sent_at=AT)
    assert outcome.result is Result.TAKEN
    assert account.objects["Lead"][made]["OwnerId"] == (owner if wins else user("crm:7"))
    kept = Kept(field="owner", ours=f"salesforce:{user('crm:7')}", theirs=f"salesforce:{owner}")
    assert [(one.field, one.ours, one.theirs) for one in outcome.kept] == (
        [(kept.field, kept.ours, kept.theirs)] if wins else []
    )


def test_an_owner_that_a_person_set_is_kept_until_we_have_read_it(crm, system):
    send(crm, handoff(1))
    system.edit("crm:1", at=AT + 2 * HOUR, owner="crm:9")
    for number, read_at in enumerate([AT - 1000 * HOUR, AT + 3 * HOUR]):
        crm.upsert([handoff(1, key=f"k{number}", owner="8", read_at=read_at)], sent_at=AT)
        assert system.lead("crm:1").owner == ("crm:8" if number else "crm:9")


@pytest.mark.parametrize(
    ("status", "told"),
    [("Working - Contacted", "sql"), ("Nurturing", "Nurturing"), ("Ask Ann", "something else")],
)
def test_a_status_that_a_person_set_is_told_in_our_words_and_never_in_theirs(
    crm, account, system, status, told
):
    send(crm, handoff(1))
    account.edit(system.record("crm:1")["Id"], AT + 2 * HOUR, Status=status)
    again = handoff(1, key="b", stage="mql", read_at=AT + HOUR)
    (outcome,) = crm.upsert([again], sent_at=AT)
    kept = [(one.field, one.ours, one.theirs) for one in outcome.kept]
    assert kept == [("stage", "mql", told)]
    assert system.record("crm:1")["Status"] == status


# What goes wrong


def send_once(url, items):
    """What a child does: one call of the adapter."""
    terms = {
        "salesforce_client_id": "app",
        "salesforce_client_secret": SECRET,
        "salesforce_url": url,
    }
    open_salesforce(CrmSettings(**terms)).upsert(items, sent_at=AT)


def test_a_process_killed_between_the_records_leaves_no_effect_and_doubles_nothing(
    crm, account, children, tmp_path
):
    items = [handoff(1), handoff(2)]
    given = (account.url, items)
    run_killed(children, send_once, tmp_path / "killed-at", *given, point="crm.between_records")
    assert len(account.objects["Lead"]) == 2
    assert crm.read_back([item.key for item in items]) == {}
    assert send(crm, *items) == [Result.TAKEN] * 2
    assert [len(account.objects[kind]) for kind in ("Lead", "Task")] == [2, 2]


@pytest.mark.parametrize("fault", [Done(BROKEN), Cut(), BROKEN, Vanish()])
def test_a_failure_at_the_task_is_unknown_and_never_doubles(crm, system, account, fault):
    send(crm, handoff(1), handoff(2))
    items = [handoff(1, key="a"), handoff(2, key="b")]
    reads = 4  # tasks, leads; then the leads are written and the tasks made
    account.plan[len(account.requests) + reads] = fault
    assert send(crm, *items) == [Result.UNKNOWN] * 2
    assert account.requests[-1].path.endswith("/Task/Accord_Key__c")
    applied = isinstance(fault, Done | Cut)
    assert set(crm.read_back(["a", "b"])) == ({"a", "b"} if applied else set())
    assert send(crm, *items) == [Result.TAKEN] * 2
    assert [system.effects(key) for key in "ab"] == [1, 1]


def test_a_locked_row_is_tried_again_later(crm, account):
    items = [handoff(1), handoff(2)]
    account.refused[items[0].key] = "UNABLE_TO_LOCK_ROW"
    outcomes = crm.upsert(items, sent_at=AT)
    assert [one.result for one in outcomes] == [Result.REFUSED, Result.TAKEN]
    assert "(UNABLE_TO_LOCK_ROW): Accord_Fit__c" in outcomes[0].error
    account.refused.clear()
    assert send(crm, items[0]) == [Result.TAKEN]


def test_a_session_that_expires_half_way_is_renewed_once(crm, account):
    send(crm, handoff(1))
    at = len(account.requests) + 3
    account.after_request[at] = lambda server: server.expire()
    assert send(crm, handoff(2)) == [Result.TAKEN]
    assert account.logins == 2


def test_the_limit_of_requests_waits_an_hour(crm, account):
    account.next_write = LIMIT
    (outcome,) = crm.upsert([handoff(1)], sent_at=AT)
    assert (outcome.result, outcome.retry_after) == (Result.REFUSED, 3600)


def test_after_a_limit_nothing_more_is_asked(crm, account):
    account.next_write = LIMITED
    items = [handoff(number) for number in range(1, 451)]
    assert set(send(crm, *items)) == {Result.REFUSED}
    assert len(written(account)) == 1


def test_a_limit_while_reading_is_one_error(crm, account):
    account.plan[2] = LIMITED
    with pytest.raises(DeliveryError, match="answers 503") as caught:
        crm.upsert([handoff(1)], sent_at=AT)
    assert caught.value.retry_after == 7


def test_no_login_is_told_before_anything_is_sent():
    with pytest.raises(InputError, match="set ACCORD_SALESFORCE_CLIENT_ID and"):
        open_salesforce(CrmSettings(name="salesforce", salesforce_username="ann"))


def test_a_user_with_a_password_may_write_too(build, account):
    terms = {"salesforce_client_id": "", "salesforce_username": "ann@b.example"}
    crm = build(salesforce_password="wrong", **terms)  # noqa: S106 - none
    with pytest.raises(DeliveryError, match=r"INVALID_LOGIN.*ACCORD_SALESFORCE_PASSWORD") as said:
        crm.upsert([handoff(1)], sent_at=AT)
    assert "wrong" not in str(said.value)
    crm = build(salesforce_password="password-of-tests", **terms)  # noqa: S106 - the tests'
    assert send(crm, handoff(1)) == [Result.TAKEN]


# Our fields


def test_missing_fields_are_named_with_what_they_must_be(crm, account):
    del account.defined["Lead"]["Accord_Why__c"]
    account.defined["Task"]["Accord_Key__c"]["externalId"] = False
    said = r"Lead.Accord_Why__c: Long Text Area\(32768\); Task.Accord_Key__c: Text\(255\), external"
    with pytest.raises(DeliveryError, match=said):
        crm.upsert([handoff(1)], sent_at=AT)
    assert written(account) == []


def test_a_field_that_the_user_may_not_change_counts_as_missing(crm, account):
    account.defined["Lead"]["Accord_Fit__c"]["updateable"] = False
    assert crm.missing_fields() == {"Lead": ("Accord_Fit__c",)}


def test_the_version_stands_in_every_path(build, account):
    crm = build(salesforce_version="62.0")
    assert send(crm, handoff(1)) == [Result.TAKEN]
    rooms = {one.path.split("/")[3] for one in account.requests if "/data/" in one.path}
    assert rooms == {"v62.0"}
    (body, _) = (json.loads(one.body) for one in written(account))
    assert body["records"][0]["attributes"] == {"type": "Lead"}


def test_stages_have_the_words_that_the_settings_give_them(build, system):
    crm = build(salesforce_stages={"mql": "New", "sql": ""})
    (outcome,) = crm.upsert([SUITE.handoff(1)], sent_at=AT)
    assert outcome.result is Result.TAKEN
    assert system.record("crm:1")["Status"] == "New"

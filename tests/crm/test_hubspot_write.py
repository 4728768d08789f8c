"""The adapter ``hubspot`` against an account on 127.0.0.1 with the rules of the real one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from accord.crm import Kept, Result
from accord.crm.hubspot_fields import PROPERTIES, definition
from accord.crm.hubspot_setup import create_properties, missing_properties
from accord.crm.hubspot_write import open_hubspot
from accord.crm.opening import CrmSettings
from accord.errors import DeliveryError, InputError
from tests.crm.conformance import AT, HOUR, SECRET_WORD, WORDS, Conformance, Fault, Lead
from tests.crm.hubspot_account import HubspotAccount
from tests.crm.hubspot_server import DAILY
from tests.crm.service import Answer, Cut, Done, Slow, Vanish
from tests.killing import run_killed

LIMITED = Answer(status=429, headers={"Retry-After": "7"}, body={"policyName": "SECONDLY"})
BROKEN = Answer(status=500, body={"message": "ann@person.example"})
FAULTS: dict[Fault, Any] = {
    Fault.LIMITED: LIMITED,
    Fault.ERROR_AFTER: Done(BROKEN),
    Fault.CUT_AFTER: Cut(),
    Fault.ERROR_BEFORE: BROKEN,
    Fault.CUT_BEFORE: Vanish(),
    Fault.SLOW: Slow(1),
}
STAGES = {"mql": "marketingqualifiedlead", "sql": "salesqualifiedlead"}


def define_properties(account):
    for kind, ours in PROPERTIES.items():
        account.defined[kind] |= {
            name: definition(name, label=label, kind=form, group="accord")
            for name, (label, form) in ours.items()
        }


class HubspotSystem:
    """The account as somebody sees it who may look into it."""

    def __init__(self, account: HubspotAccount) -> None:
        self.account = account

    def tasks(self, key):
        tasks = self.account.objects.get("tasks", {}).values()
        return [one for one in tasks if one["properties"]["accord_key"] == key]

    def contact(self, lead_id):
        contacts = self.account.objects.get("contacts", {}).values()
        found = [one for one in contacts if one["properties"].get("accord_lead_id") == lead_id]
        assert len(found) <= 1
        return found[0] if found else None

    def effects(self, key):
        return len(self.tasks(key))

    def payload(self, key):
        (task,) = self.tasks(key)
        (number,) = self.account.links["tasks", "contacts"][task["id"]]
        said = self.account.objects["contacts"][int(number)]["properties"]
        return {"lead": {"title": said.get("jobtitle"), "phone": said.get("phone")}}

    def lead(self, lead_id):
        contact = self.contact(lead_id)
        if contact is None:
            return None
        said = contact["properties"]
        stages = {there: here for here, there in STAGES.items()}
        stage = said.get("lifecyclestage")
        return Lead(
            owner=f"crm:{int(said['hubspot_owner_id']) - 500}",
            stage=stages.get(stage, stage),
            priority=said["accord_priority"],
        )

    def edit(self, lead_id, *, at, owner=None, stage=None):
        said = {} if owner is None else {"hubspot_owner_id": owner_id(owner)}
        said |= {} if stage is None else {"lifecyclestage": STAGES.get(stage, stage)}
        self.account.edit(int(self.contact(lead_id)["id"]), at, **said)

    def told(self, field, value):
        return f"hubspot:{owner_id(value)}" if field == "owner" else value

    def fail(self, fault):
        if fault is Fault.UNREACHABLE:
            self.account.close()
        elif fault is Fault.SECRET:
            self.account.token = "another"  # noqa: S105 - the account's new one
        else:
            self.account.next_write = FAULTS[fault]

    def refuse(self, key):
        self.account.refused.add(key)


def owner_id(rep: str) -> str:
    return str(int(rep.rpartition(":")[2]) + 500)


@pytest.fixture
def account():
    running = HubspotAccount()
    running.token = SECRET_WORD
    define_properties(running)
    running.owners = [
        {"id": str(500 + number), "email": f"rep{number}@us.example"} for number in (7, 8, 9)
    ]
    yield running
    running.close()


@pytest.fixture
def system(account):
    return HubspotSystem(account)


@pytest.fixture
def build(account):
    opened = []

    def build(**changes):
        terms = {"timeout_seconds": 5, "hubspot_token": SECRET_WORD, "hubspot_url": account.url}
        opened.append(open_hubspot(CrmSettings(**(terms | changes))))
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


class TestHubspot(Conformance):
    secret_variable = "ACCORD_HUBSPOT_TOKEN"  # noqa: S105 - a name
    texts = {"title": WORDS + "x" * 20_000, "phone": None}  # noqa: RUF012 - as its base has it


class TestHubspotPerRecord(Conformance):
    """The same where a batch answers 207, record by record."""

    secret_variable = "ACCORD_HUBSPOT_TOKEN"  # noqa: S105 - a name
    texts = {"title": WORDS, "phone": None}  # noqa: RUF012 - as its base has it

    @pytest.fixture(autouse=True)
    def _per_record(self, account):
        account.multi_status = True


SUITE = Conformance()


def handoff(number=1, **terms):
    return SUITE.handoff(number, **terms)


def send(crm, *items):
    outcomes = crm.upsert(items, sent_at=AT)
    SUITE.check_is_silent(*outcomes)
    return [one.result for one in outcomes]


# Which contact


def test_a_lead_that_came_from_this_account_is_its_own_record(crm, system, account):
    account.put("contacts", 123, email="else@person.example", firstname="Anna")
    item = handoff(123)
    item.payload["lead_id"] = "hubspot:123"
    assert send(crm, item) == [Result.TAKEN]
    assert [*account.objects["contacts"]] == [123]
    said = account.objects["contacts"][123]["properties"]
    assert (said["accord_lead_id"], said["firstname"]) == ("hubspot:123", "Anna")


def test_a_lead_with_a_contacts_address_is_that_contact_in_any_case(crm, account):
    account.put("contacts", 44, email=SUITE.email(1).upper())
    assert send(crm, handoff(1)) == [Result.TAKEN]
    assert [*account.objects["contacts"]] == [44]
    assert account.objects["contacts"][44]["properties"]["email"] == SUITE.email(1).upper()


def test_an_address_that_is_only_a_contacts_second_one_makes_no_second_contact(crm, account):
    account.put("contacts", 44, email="first@person.example", firstname="Anna")
    account.additional_emails[SUITE.email(1)] = 44
    assert send(crm, handoff(1), handoff(2)) == [Result.TAKEN] * 2
    assert len(account.objects["contacts"]) == 2
    said = account.objects["contacts"][44]["properties"]
    assert (said["accord_lead_id"], said["firstname"]) == ("crm:1", "Anna")


def test_the_contact_that_we_wrote_goes_before_the_record_and_the_address(crm, account):
    account.put("contacts", 7, accord_lead_id="hubspot:9")
    account.put("contacts", 9, email=SUITE.email(1))
    item = handoff(1)
    item.payload["lead_id"] = "hubspot:9"
    assert send(crm, item) == [Result.TAKEN]
    assert account.objects["contacts"][7]["properties"]["accord_handoff_key"] == item.key
    assert "accord_handoff_key" not in account.objects["contacts"][9]["properties"]


@pytest.mark.parametrize("together", [True, False])
def test_two_leads_with_one_address_do_not_take_its_contact_from_each_other(
    crm, system, account, together
):
    one, other = handoff(1), handoff(2, owner="8", email=SUITE.email(1))
    if not together:
        crm.upsert([one], sent_at=AT)
    outcomes = crm.upsert([one, other], sent_at=AT)
    assert [outcome.result for outcome in outcomes] == [Result.TAKEN, Result.REFUSED]
    assert "crm:2 is lead crm:1 already" in outcomes[1].error
    assert "accord identity merge crm:2 crm:1" in outcomes[1].error
    SUITE.check_is_silent(*outcomes)
    (contact,) = account.objects["contacts"].values()
    assert contact["properties"]["accord_lead_id"] == "crm:1"
    assert contact["properties"]["hubspot_owner_id"] == "507"
    assert system.effects(other.key) == 0


def test_a_lead_into_which_another_was_merged_goes_on_with_its_contact(crm, system, account):
    send(crm, handoff(2, email=SUITE.email(1)))
    item = handoff(1)
    item.payload["merged"] = ["crm:3", "crm:2"]
    assert send(crm, item) == [Result.TAKEN]
    assert len(account.objects["contacts"]) == 1
    assert system.contact("crm:1")["properties"]["accord_handoff_key"] == item.key


@pytest.mark.parametrize("together", [True, False])
def test_a_second_address_takes_no_contact_from_another_lead_either(crm, account, together):
    account.put("contacts", 44, email=SUITE.email(1))
    account.additional_emails[SUITE.email(2)] = 44
    if not together:
        send(crm, handoff(1))
    outcomes = crm.upsert([handoff(1), handoff(2, owner="8")], sent_at=AT)
    assert [one.result for one in outcomes] == [Result.TAKEN, Result.REFUSED]
    assert "contact 44 with the address of lead crm:2 is lead crm:1 already" in outcomes[1].error
    assert account.objects["contacts"][44]["properties"]["hubspot_owner_id"] == "507"


def test_two_leads_that_lead_to_one_contact_in_one_batch_are_the_first_ones(crm, account):
    account.put("contacts", 44, email=SUITE.email(2))
    one, other = handoff(1, email=None), handoff(2)
    one.payload["lead_id"] = "hubspot:44"
    assert send(crm, one, other) == [Result.TAKEN, Result.REFUSED]
    assert account.objects["contacts"][44]["properties"]["accord_lead_id"] == "hubspot:44"


def test_a_new_contact_has_a_name_and_what_we_know(crm, system):
    send(crm, handoff(1, name="Ana Maria Ruiz", title="CTO"))
    said = system.contact("crm:1")["properties"]
    assert (said["firstname"], said["lastname"]) == ("Ana Maria", "Ruiz")
    assert (said["jobtitle"], said["email"]) == ("CTO", SUITE.email(1))


# What is written


def test_a_handoff_writes_its_scores_reasons_due_time_and_timeline(crm, system):
    item = handoff(1)
    send(crm, item)
    said = system.contact("crm:1")["properties"]
    shown = {name: said[name] for name in said if name.startswith("accord_")}
    assert shown == {
        "accord_lead_id": "crm:1",
        "accord_handoff_key": item.key,
        "accord_payload_hash": item.payload_hash,
        "accord_priority": "2",
        "accord_fit": "61.0",
        "accord_engagement": "44.5",
        "accord_intent": "30.0",
        "accord_why": "- title: 20.0 fit",
        "accord_due_at": "2026-11-16T14:05:00Z",
        "accord_stage": "mql",
        "accord_cycle": "1",
        "accord_timeline": "- 2026-11-15T09:00:00Z activity demo",
        "accord_owner": "507",
        "accord_lifecyclestage": "marketingqualifiedlead",
    }


def test_the_owner_gets_a_task_that_is_due_at_the_first_touch(crm, system, account):
    item = handoff(1, priority=1, need="<b>soon</b>")
    send(crm, item)
    (task,) = system.tasks(item.key)
    said = task["properties"]
    assert said["hs_task_subject"] == f"Hot: call now: {item.payload['lead']['name']} (Acme), title"
    assert (said["hs_timestamp"], said["hs_task_priority"]) == ("2026-11-16T14:05:00Z", "HIGH")
    assert (said["hubspot_owner_id"], said["hs_task_type"]) == ("507", "CALL")
    assert "not connected: call within 10m<br>" in said["hs_task_body"]
    assert "&lt;b&gt;soon&lt;/b&gt;" in said["hs_task_body"]
    assert account.links["tasks", "contacts"][task["id"]] == [system.contact("crm:1")["id"]]


def test_what_landed_is_told_with_its_records_there(crm, system):
    item = handoff(1)
    (outcome,) = crm.upsert([item], sent_at=AT)
    ids = {"contact": system.contact("crm:1")["id"], "task": system.tasks(item.key)[0]["id"]}
    assert dict(outcome.landed.remote) == ids
    there = crm.read_back([item.key])[item.key]
    assert (dict(there.remote), there.payload_hash) == (ids, item.payload_hash)
    assert there.written_at == outcome.landed.written_at is not None


def test_a_stage_that_we_have_no_word_for_is_left_alone(crm, system):
    send(crm, handoff(1, stage="elsewhere"))
    assert "lifecyclestage" not in system.contact("crm:1")["properties"]


# Who gets it


def test_a_rep_that_is_no_owner_is_refused_by_id_and_the_others_go(crm, system):
    items = [handoff(1), handoff(2, owner="66"), handoff(3)]
    outcomes = crm.upsert(items, sent_at=AT)
    assert [one.result for one in outcomes] == [Result.TAKEN, Result.REFUSED, Result.TAKEN]
    assert "crm:66 is no owner" in outcomes[1].error
    SUITE.check_is_silent(*outcomes)
    assert system.contact("crm:2") is None


def test_an_owner_is_asked_for_once_and_again_where_there_was_none(crm, account):
    send(crm, handoff(1), handoff(2), handoff(3, owner="8"))
    send(crm, handoff(4), handoff(5, owner="66"))
    account.owners.append({"id": "566", "email": "rep66@us.example"})
    assert send(crm, handoff(5, owner="66")) == [Result.TAKEN]
    asked = [one.query["email"] for one in account.requests if one.path.endswith("/owners")]
    assert asked == [f"rep{number}@us.example" for number in (7, 8, 66, 66)]


def test_an_address_of_no_owner_is_asked_for_once_however_many_items_name_it(crm, account):
    items = [handoff(number, owner="66") for number in range(1, 31)]
    assert set(send(crm, *items, handoff(31))) == {Result.REFUSED, Result.TAKEN}
    asked = [one.query["email"] for one in account.requests if one.path.endswith("/owners")]
    assert asked == ["rep66@us.example", "rep7@us.example"]


def test_a_reps_address_is_in_no_log(crm, account, caplog):
    with caplog.at_level("INFO"):
        assert send(crm, handoff(1), handoff(2, owner="66")) == [Result.TAKEN, Result.REFUSED]
    assert any("rep7" in one.query.get("email", "") for one in account.requests)
    assert "rep7" not in caplog.text
    assert "rep66" not in caplog.text


def test_a_rep_whose_id_this_account_gave_needs_no_address(crm, system):
    item = handoff(1)
    item.payload["rep"] = {"rep_id": "hubspot:509", "name": "Rep", "email": None}
    assert send(crm, item) == [Result.TAKEN]
    assert system.contact("crm:1")["properties"]["hubspot_owner_id"] == "509"


def test_an_owner_that_is_gone_is_looked_for_anew(crm, account):
    send(crm, handoff(1))
    account.owners[0]["id"] = "999"
    assert send(crm, handoff(2)) == [Result.REFUSED]
    assert send(crm, handoff(2)) == [Result.TAKEN]


def test_a_message_is_a_task_for_each_recipient_that_is_an_owner(crm, system, account):
    send(crm, handoff(1))
    item = SUITE.message(1)
    account.owners.append({"id": "600", "email": "boss@us.example"})
    assert send(crm, item) == [Result.TAKEN]
    (own,) = system.tasks(item.key)
    (other,) = system.tasks(f"{item.key}:600")
    owners = [one["properties"]["hubspot_owner_id"] for one in (own, other)]
    assert owners == ["507", "600"]
    assert account.links["tasks", "contacts"][own["id"]] == [system.contact("crm:1")["id"]]
    assert own["properties"]["hs_task_body"].endswith("For: owner crm:7, sales manager manager")


def test_a_message_that_broke_off_after_the_others_tasks_doubles_none(crm, system, account):
    account.owners.append({"id": "600", "email": "boss@us.example"})
    item = SUITE.message(1)
    account.next_write = Done(BROKEN)
    assert send(crm, item) == [Result.UNKNOWN]
    assert crm.read_back([item.key]) == {}
    assert send(crm, item) == [Result.TAKEN]
    assert [system.effects(key) for key in (item.key, f"{item.key}:600")] == [1, 1]


@pytest.mark.parametrize("broken_off", [False, True])
def test_what_a_message_became_is_told_with_every_recipients_task(crm, system, account, broken_off):
    """None of them may come back from the CRM as what somebody did with the lead."""
    account.owners.append({"id": "600", "email": "boss@us.example"})
    send(crm, handoff(1), handoff(2), SUITE.message(2))
    item = SUITE.message(1)
    if broken_off:
        account.next_write = Done(BROKEN)
        assert send(crm, item) == [Result.UNKNOWN]
    (outcome,) = crm.upsert([item], sent_at=AT)
    (own,), (other,) = system.tasks(item.key), system.tasks(f"{item.key}:600")
    about = system.contact("crm:1")["id"]
    ids = {"task": own["id"], "task:600": other["id"], "contact": about}
    assert dict(outcome.landed.remote) == ids
    assert dict(crm.read_back([item.key])[item.key].remote) == ids
    (again,) = crm.upsert([item], sent_at=AT)
    assert dict(again.landed.remote) == ids


def test_a_message_about_no_lead_is_a_task_alone(crm, system, account):
    item = SUITE.message(1)
    item.payload["lead_id"] = None
    assert send(crm, item) == [Result.TAKEN]
    assert account.links == {}


def test_a_message_that_nobody_there_could_get_is_refused(crm):
    item = SUITE.message(1)
    del item.payload["recipients"][0]
    (outcome,) = crm.upsert([item], sent_at=AT)
    assert (outcome.result, "manager is no owner" in outcome.error) == (Result.REFUSED, True)


# People


def test_an_owner_that_a_person_took_away_stays_away(crm, system, account):
    send(crm, handoff(1))
    account.edit(int(system.contact("crm:1")["id"]), AT + 2 * HOUR, hubspot_owner_id="")
    again = handoff(1, key="handoff:h2:x", owner="8", read_at=AT + HOUR)
    (outcome,) = crm.upsert([again], sent_at=AT)
    assert outcome.kept == (Kept(field="owner", ours="hubspot:508", theirs=None, at=AT + 2 * HOUR),)
    assert system.contact("crm:1")["properties"]["hubspot_owner_id"] == ""
    assert system.tasks(again.key)[0]["properties"]["hubspot_owner_id"] == "508"


@pytest.mark.parametrize("second", [True, False])
def test_what_people_set_stays_by_whichever_address_the_contact_is_known(crm, account, second):
    account.put("contacts", 44, email="first@person.example" if second else SUITE.email(1))
    account.additional_emails[SUITE.email(1)] = 44
    account.edit(44, AT + HOUR, hubspot_owner_id="509", lifecyclestage="opportunity")
    (outcome,) = crm.upsert([handoff(1, read_at=AT)], sent_at=AT + 2 * HOUR)
    assert outcome.result is Result.TAKEN
    assert [(one.field, one.theirs) for one in outcome.kept] == [
        ("owner", "hubspot:509"),
        ("stage", "opportunity"),
    ]
    said = account.objects["contacts"][44]["properties"]
    assert (said["hubspot_owner_id"], said["lifecyclestage"]) == ("509", "opportunity")
    assert {"accord_owner", "accord_lifecyclestage"}.isdisjoint(said)
    assert said["accord_priority"] == "2"


def test_a_stage_goes_back_in_a_contact_known_by_its_second_address(crm, account):
    account.put("contacts", 44, email="first@person.example", lifecyclestage="opportunity")
    account.additional_emails[SUITE.email(1)] = 44
    assert send(crm, handoff(1, stage="mql")) == [Result.TAKEN]
    said = account.objects["contacts"][44]["properties"]
    assert said["lifecyclestage"] == "marketingqualifiedlead"


def test_an_edit_that_we_kept_once_is_kept_until_we_have_read_it(crm, system):
    send(crm, handoff(1))
    system.edit("crm:1", at=AT + 2 * HOUR, owner="crm:9")
    for number, read_at in enumerate([AT, AT + HOUR, AT + 3 * HOUR]):
        crm.upsert([handoff(1, key=f"k{number}", owner="8", read_at=read_at)], sent_at=AT)
        assert system.lead("crm:1").owner == ("crm:9" if number < 2 else "crm:8")


def test_a_stage_goes_back_though_hubspot_lets_stages_only_go_forward(crm, system, account):
    send(crm, handoff(1, stage="sql"))
    assert send(crm, handoff(1, key="again", stage="mql")) == [Result.TAKEN]
    assert system.lead("crm:1").stage == "mql"


def test_a_stage_that_we_emptied_before_we_broke_off_is_no_persons_edit(crm, system, account):
    send(crm, handoff(1, stage="sql"))
    item = handoff(1, key="again", stage="mql", read_at=AT - timedelta(days=40))
    account.next_write = Done(BROKEN)
    assert send(crm, item) == [Result.UNKNOWN]
    assert system.contact("crm:1")["properties"]["lifecyclestage"] == ""
    (outcome,) = crm.upsert([item], sent_at=AT)
    assert (outcome.result, outcome.kept) == (Result.TAKEN, ())
    assert system.lead("crm:1").stage == "mql"


# What goes wrong


def send_once(url, items):
    """What a child does: one call of the adapter."""
    terms = {"hubspot_token": SECRET_WORD, "hubspot_url": url}
    open_hubspot(CrmSettings(**terms)).upsert(items, sent_at=AT)


def test_a_process_killed_between_the_records_leaves_no_effect_and_doubles_nothing(
    crm, account, children, tmp_path
):
    items = [handoff(1), handoff(2)]
    given = (account.url, items)
    run_killed(children, send_once, tmp_path / "killed-at", *given, point="crm.between_records")
    assert len(account.objects["contacts"]) == 2
    assert crm.read_back([item.key for item in items]) == {}
    assert send(crm, *items) == [Result.TAKEN] * 2
    assert [len(account.objects[kind]) for kind in ("contacts", "tasks")] == [2, 2]


@pytest.mark.parametrize("fault", [Done(BROKEN), Cut(), BROKEN, Vanish()])
def test_a_failure_at_the_task_is_unknown_and_never_doubles(crm, system, account, fault):
    send(crm, handoff(1), handoff(2))
    items = [handoff(1, key="a"), handoff(2, key="b")]
    reads = 4  # tasks, contacts by lead; then the contacts are written and the tasks made
    account.plan[len(account.requests) + reads] = fault
    assert send(crm, *items) == [Result.UNKNOWN] * 2
    assert account.requests[-1].path.endswith("tasks/batch/create")
    applied = isinstance(fault, Done | Cut)
    assert set(crm.read_back(["a", "b"])) == ({"a", "b"} if applied else set())
    assert send(crm, *items) == [Result.TAKEN] * 2
    assert [system.effects(key) for key in "ab"] == [1, 1]


def test_after_a_limit_nothing_more_is_asked(crm, account):
    items = [handoff(number) for number in range(1, 251)]
    account.next_write = LIMITED
    assert set(send(crm, *items)) == {Result.REFUSED}
    written = [one for one in account.requests if account.writes(one)]
    assert len(written) == 1


def test_the_daily_limit_waits_an_hour(crm, account):
    account.next_write = DAILY
    (outcome,) = crm.upsert([handoff(1)], sent_at=AT)
    assert (outcome.result, outcome.retry_after) == (Result.REFUSED, 3600)


def test_an_account_that_is_locked_for_a_moment_refuses_until_later(crm, account):
    account.next_write = Answer(status=423, body={"category": "LOCKED"})
    (outcome,) = crm.upsert([handoff(1)], sent_at=AT)
    assert (outcome.result, outcome.retry_after) == (Result.REFUSED, 2)


def test_no_request_is_larger_than_the_batch_that_is_set(build, account):
    assert send(build(batch=2), *(handoff(number) for number in range(1, 6))) == [Result.TAKEN] * 5
    sizes = [len(json.loads(one.body)["inputs"]) for one in account.requests if one.body]
    assert max(sizes) == 2


def test_a_limit_while_reading_is_one_error(crm, account):
    account.plan[1] = LIMITED
    with pytest.raises(DeliveryError, match="answers 429") as caught:
        crm.upsert([handoff(1)], sent_at=AT)
    assert caught.value.retry_after == 7


def test_one_bad_record_of_a_hundred_is_found_by_halves(crm, account):
    items = [handoff(number) for number in range(1, 101)]
    account.refused.add(items[41].key)
    results = send(crm, *items)
    assert [number for number, one in enumerate(results) if one is not Result.TAKEN] == [41]
    assert results[41] is Result.REFUSED
    assert len([one for one in account.requests if account.writes(one)]) < 20


def test_a_token_without_scopes_says_whose(crm, account):
    account.plan[1] = Answer(status=403, body={"category": "MISSING_SCOPES"})
    with pytest.raises(DeliveryError, match="scopes; give the app of ACCORD_HUBSPOT_TOKEN"):
        crm.upsert([handoff(1)], sent_at=AT)


def test_no_token_is_told_before_anything_is_sent():
    with pytest.raises(InputError, match="ACCORD_HUBSPOT_TOKEN: is not set"):
        open_hubspot(CrmSettings(name="hubspot"))


# Our properties


def test_missing_properties_are_named_before_anything_is_written(crm, account):
    del account.defined["contacts"]["accord_why"]
    del account.defined["tasks"]["accord_key"]
    said = r"contacts: accord_why; tasks: accord_key\).*tasks.accord_key requiring unique values"
    with pytest.raises(DeliveryError, match=said):
        crm.upsert([handoff(1)], sent_at=AT)
    assert not [one for one in account.requests if account.writes(one)]


def test_a_key_that_is_not_unique_counts_as_missing(crm, account):
    account.defined["tasks"]["accord_key"]["hasUniqueValue"] = False
    assert missing_properties(crm.sender) == {"tasks": ("accord_key",)}


def test_missing_properties_are_made_on_request(crm, account):
    account.defined = {"contacts": {}, "tasks": {}}
    made = create_properties(crm.sender)
    assert {kind: set(names) for kind, names in made.items()} == {
        kind: set(ours) for kind, ours in PROPERTIES.items()
    }
    assert create_properties(crm.sender) == {}
    assert send(crm, handoff(1)) == [Result.TAKEN]


def test_a_version_that_is_a_date_stands_behind_the_room(build, account):
    crm = build(hubspot_version="2026-03")
    assert send(crm, handoff(1)) == [Result.TAKEN]
    crm.read_back([handoff(1).key])
    paths = {one.path for one in account.requests}
    assert paths == {
        "/crm/properties/2026-03/contacts",
        "/crm/properties/2026-03/tasks",
        "/crm/owners/2026-03",
        "/crm/objects/2026-03/tasks/batch/read",
        "/crm/objects/2026-03/tasks/batch/create",
        "/crm/objects/2026-03/contacts/batch/read",
        "/crm/objects/2026-03/contacts/batch/upsert",
        "/crm/associations/2026-03/tasks/contacts/batch/read",
    }


def test_stages_have_the_words_that_the_settings_give_them(build, system):
    crm = build(hubspot_stages={"mql": "8841"})
    assert send(crm, handoff(1)) == [Result.TAKEN]
    assert system.contact("crm:1")["properties"]["lifecyclestage"] == "8841"


def test_a_stage_whose_word_is_empty_is_not_written(build, system):
    crm = build(hubspot_stages={"mql": ""})
    assert send(crm, handoff(1)) == [Result.TAKEN]
    assert "lifecyclestage" not in system.contact("crm:1")["properties"]

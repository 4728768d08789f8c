"""What every adapter must do: one base class, whose subclasses bring an adapter and its system.

A subclass gives the fixtures ``system`` (a :class:`System`: the receiving system, looked at and
spoiled behind the adapter's back) and ``crm`` (the adapter, opened on it), and ``hasty`` (the same
with a timeout of about a third of a second) where the system is reached over a network. What a
system cannot have is declared once, in ``cannot``: feature -> why; its tests are skipped with
that reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol

import pytest

from accord.crm import Crm, Item, Kept, Outcome, Result
from accord.errors import DeliveryError
from accord.outbox import payload_hash

AT = datetime(2026, 11, 16, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORDS = "Zoë Müller-Łukasiewicz 李雷 🙂 \"quoted\" <b>&amp;</b> \\ 'single'"
SECRET_WORD = "s3cret-of-tests"  # noqa: S105 - what must never stand in an error

PRIVATE = ("Zinnia", "zinnia", "Quill", "person.example", "us.example", "Acme", SECRET_WORD)


class Feature(StrEnum):
    """What not every receiving system has."""

    EDITS = "people edit owner and stage there"
    REQUESTS = "requests that can fail on their way, or be limited"
    REACH = "a place that cannot be reached"
    SECRET = "a secret that it checks"  # noqa: S105 - the name of a feature
    BAD_ITEMS = "items that it refuses"
    READ_BACK = "telling which effects are there"
    HASHES = "the hash of what an effect brought"
    PRIORITY = "fields that are ours alone"
    CONFLICTS = "refusing a known key with another payload"


class Fault(StrEnum):
    """What befalls the next request that would write; reading is never hit but by the last two."""

    LIMITED = "429 with Retry-After: 7, nothing taken"
    ERROR_AFTER = "500 after applying"
    CUT_AFTER = "the connection is cut after applying"
    ERROR_BEFORE = "500 before applying"
    CUT_BEFORE = "the connection is cut before applying"
    SLOW = "applied at once, answered a second later"
    UNREACHABLE = "nobody listens, from now on"
    SECRET = "our secret is not accepted, from now on"  # noqa: S105 - the name of a fault


@dataclass(frozen=True, kw_only=True)
class Lead:
    """A lead as it stands in the CRM, in our words: owner is a rep's id, stage mql or sql."""

    owner: str | None
    stage: str | None
    priority: str | None


class System(Protocol):
    """A receiving system, as seen by somebody who may look into it."""

    def effects(self, key: str) -> int:
        """Count how often the effect of a key happened."""

    def payload(self, key: str) -> Mapping[str, Any]:
        """Return what the effect of a key brought, as far as the system keeps it."""

    def lead(self, lead_id: str) -> Lead | None:
        """Return a lead as it stands there."""

    def edit(
        self, lead_id: str, *, at: datetime, owner: str | None = None, stage: str | None = None
    ) -> None:
        """Let a person set the owner (a rep's id), the stage, or both, at an instant."""

    def told(self, field: str, value: str) -> str:
        """Return how the adapter names an owner or a stage of ours in ``kept``."""

    def fail(self, fault: Fault) -> None:
        """Let the next request that writes meet a fault."""

    def refuse(self, key: str) -> None:
        """Refuse the item of that key for ever, and it alone."""


Test = Callable[..., None]


def needs(*features: Feature) -> Callable[[Test], Test]:
    """Mark a test that a system without these features cannot pass."""

    def mark(test: Test) -> Test:
        test.needed = features  # type: ignore[attr-defined]
        return test

    return mark


class Conformance:
    """The suite. ``secret_variable`` is what an error about the secret must name."""

    cannot: ClassVar[Mapping[Feature, str]] = {}
    secret_variable: ClassVar[str] = ""
    lead_prefix: ClassVar[str] = "crm"
    texts: ClassVar[Mapping[str, Any]] = {"need": WORDS, "title": "x" * 20_000, "phone": None}

    @pytest.fixture(autouse=True)
    def _skip_what_it_cannot_have(self, request: pytest.FixtureRequest) -> None:
        for feature in getattr(request.function, "needed", ()):
            if feature in self.cannot:
                pytest.skip(f"{feature.value}: {self.cannot[feature]}")

    def handoff(
        self,
        number: int = 1,
        *,
        key: str | None = None,
        owner: str = "7",
        stage: str = "mql",
        read_at: datetime | None = None,
        priority: int = 2,
        **lead: Any,
    ) -> Item:
        """A hand-off of lead ``number`` to rep ``owner``."""
        rep = f"{self.lead_prefix}:{owner}"
        payload = {
            "handoff_id": f"h{number}",
            "lead_id": self.lead_id(number),
            "cycle": 1,
            "stage": stage,
            "rep_id": rep,
            "rep": {"rep_id": rep, "name": f"Rep {owner}", "email": f"rep{owner}@us.example"},
            "team": "sdr",
            "hot": False,
            "priority": priority,
            "assigned_at": "2026-11-16T14:00:00Z",
            "scores": {"fit": "61.0", "engagement": "44.5", "intent": "30.0"},
            "position": "desire",
            "reasons": [{"score": "fit", "name": "title", "points": "20.0"}],
            "due_at": {"first_touch": "2026-11-16T14:05:00Z"},
            "lead": {
                "name": f"Zinnia Quill{number}",
                "email": self.email(number),
                "company": "Acme",
                **lead,
            },
            "timeline": [{"at": "2026-11-15T09:00:00Z", "what": "activity", "kind": "demo"}],
            "playbook": [{"when": "not_connected", "channel": "call", "within": "10m"}],
        }
        return Item(
            key=key or f"handoff:h{number}:{rep}",
            kind="handoff",
            payload=payload,
            payload_hash=payload_hash(payload),
            read_at=read_at,
        )

    def message(self, number: int = 1, *, key: str | None = None) -> Item:
        """A message to a rep and the manager about lead ``number``."""
        payload = {
            "clock_id": f"c{number}",
            "at": "2026-11-16T14:05:00Z",
            "term": "first_touch",
            "lead_id": self.lead_id(number),
            "subject": f"first_touch ran out: lead {self.lead_id(number)}",
            "text": "It was due and is not met.",
            "step": 1,
            "recipients": [
                {"role": "owner", "id": f"{self.lead_prefix}:7", "email": "rep7@us.example"},
                {"role": "sales_manager", "id": "manager", "email": "boss@us.example"},
            ],
        }
        return Item(
            key=key or f"task:c{number}:1",
            kind="task",
            payload=payload,
            payload_hash=payload_hash(payload),
        )

    def lead_id(self, number: int) -> str:
        return f"{self.lead_prefix}:{number}"

    def email(self, number: int) -> str:
        return f"zinnia{number}@person.example"

    def rep(self, owner: str) -> str:
        return f"{self.lead_prefix}:{owner}"

    def check_is_silent(self, *errors: Outcome | Exception) -> None:
        """No error tells a person, a secret, or an address with one."""
        for one in errors:
            said = str(one) if isinstance(one, Exception) else one.error or ""
            for word in PRIVATE:
                assert word not in said

    # Once

    def test_a_handoff_arrives(self, crm, system):
        item = self.handoff()
        (outcome,) = crm.upsert([item], sent_at=AT)
        assert (outcome.key, outcome.result, outcome.error) == (item.key, Result.TAKEN, None)
        assert outcome.kept == ()
        assert system.effects(item.key) == 1

    @needs(Feature.PRIORITY)
    def test_a_handoff_sets_owner_stage_and_priority(self, crm, system):
        crm.upsert([self.handoff(owner="7", stage="sql", priority=1)], sent_at=AT)
        assert system.lead(self.lead_id(1)) == Lead(owner=self.rep("7"), stage="sql", priority="1")

    def test_the_same_batch_twice_is_one_effect_each(self, crm, system):
        items = [self.handoff(1), self.message(1), self.handoff(2)]
        for _ in range(2):
            outcomes = crm.upsert(items, sent_at=AT)
            assert [one.result for one in outcomes] == [Result.TAKEN] * 3
        assert [system.effects(item.key) for item in items] == [1, 1, 1]

    def test_a_key_twice_in_one_batch_is_one_effect_and_two_outcomes(self, crm, system):
        items = [self.handoff(1), self.handoff(2), self.handoff(1)]
        outcomes = crm.upsert(items, sent_at=AT)
        assert [(one.key, one.result) for one in outcomes] == [
            (item.key, Result.TAKEN) for item in items
        ]
        assert [system.effects(item.key) for item in items] == [1, 1, 1]

    def test_outcomes_come_in_the_order_of_the_items(self, crm):
        items = [self.handoff(number) for number in (3, 1, 2)]
        items.insert(1, self.message(2))
        outcomes = crm.upsert(items, sent_at=AT)
        assert [one.key for one in outcomes] == [item.key for item in items]

    def test_many_items_arrive_once_each(self, crm, system):
        items = [self.handoff(number) for number in range(1, 131)]
        outcomes = crm.upsert(items, sent_at=AT)
        assert {one.result for one in outcomes} == {Result.TAKEN}
        assert len(outcomes) == 130
        assert {system.effects(item.key) for item in items} == {1}

    def test_no_items_are_no_outcomes(self, crm):
        assert crm.upsert([], sent_at=AT) == ()
        assert crm.read_back([]) == {}

    def test_a_message_arrives_once(self, crm, system):
        item = self.message()
        for _ in range(2):
            (outcome,) = crm.upsert([item], sent_at=AT)
            assert outcome.result is Result.TAKEN
        assert system.effects(item.key) == 1

    # Reading back

    @needs(Feature.READ_BACK)
    def test_reading_back_tells_exactly_what_is_there(self, crm):
        items = [self.handoff(1), self.message(1)]
        crm.upsert(items, sent_at=AT)
        there = crm.read_back([*(item.key for item in items), "handoff:h9:crm:7"])
        assert set(there) == {item.key for item in items}

    @needs(Feature.READ_BACK, Feature.HASHES)
    def test_reading_back_tells_the_hash_of_what_landed(self, crm):
        items = [self.handoff(1, need=WORDS), self.message(1)]
        crm.upsert(items, sent_at=AT)
        there = crm.read_back([item.key for item in items])
        assert {key: one.payload_hash for key, one in there.items()} == {
            item.key: item.payload_hash for item in items
        }

    @needs(Feature.CONFLICTS)
    def test_a_key_with_another_payload_is_a_conflict_and_changes_nothing(self, crm, system):
        crm.upsert([self.handoff(1, owner="7", key="handoff:h1:x")], sent_at=AT)
        other = self.handoff(1, owner="8", stage="sql", key="handoff:h1:x")
        outcomes = crm.upsert([other, self.handoff(2)], sent_at=AT)
        assert [one.result for one in outcomes] == [Result.CONFLICT, Result.TAKEN]
        self.check_is_silent(outcomes[0])
        assert system.effects(other.key) == 1
        if Feature.PRIORITY not in self.cannot:
            assert system.lead(self.lead_id(1)).owner == self.rep("7")

    @needs(Feature.CONFLICTS)
    def test_a_key_with_two_payloads_in_one_batch_takes_the_first(self, crm, system):
        one = self.handoff(1, owner="7", key="handoff:h1:x")
        other = self.handoff(1, owner="8", key="handoff:h1:x")
        outcomes = crm.upsert([one, other], sent_at=AT)
        assert [one.result for one in outcomes] == [Result.TAKEN, Result.CONFLICT]
        assert system.effects(one.key) == 1

    # What goes wrong

    def test_what_was_emptied_since_it_was_written_is_refused_alone(self, crm, system):
        items = [self.handoff(1), self.message(2), self.handoff(3), self.message(4)]
        bare = {name: one for name, one in items[2].payload.items() if name != "lead_id"}
        gone = [replace(items[n], payload={}, payload_hash="") for n in (0, 1)]
        items = [*gone, replace(items[2], payload=bare), items[3], self.handoff(5)]
        outcomes = crm.upsert(items, sent_at=AT)
        assert [one.key for one in outcomes] == [item.key for item in items]
        assert [one.result for one in outcomes] == [Result.REFUSED] * 3 + [Result.TAKEN] * 2
        self.check_is_silent(*outcomes)
        assert [system.effects(item.key) for item in items] == [0, 0, 0, 1, 1]
        assert {one.result for one in crm.upsert(items[:3], sent_at=AT)} == {Result.REFUSED}

    @needs(Feature.BAD_ITEMS)
    def test_one_item_that_is_refused_leaves_the_others_alone(self, crm, system):
        items = [self.handoff(number) for number in range(1, 6)]
        system.refuse(items[2].key)
        outcomes = crm.upsert(items, sent_at=AT)
        assert [one.result for one in outcomes] == [
            Result.TAKEN,
            Result.TAKEN,
            Result.REFUSED,
            Result.TAKEN,
            Result.TAKEN,
        ]
        assert outcomes[2].error
        self.check_is_silent(outcomes[2])
        assert [system.effects(item.key) for item in items] == [1, 1, 0, 1, 1]

    @needs(Feature.REQUESTS)
    def test_a_limit_says_how_long_to_wait_and_nothing_was_taken(self, crm, system):
        items = [self.handoff(1), self.handoff(2)]
        system.fail(Fault.LIMITED)
        assert {one.retry_after for one in self._refused(crm, items)} == {7}
        assert [system.effects(item.key) for item in items] == [0, 0]
        assert {one.result for one in crm.upsert(items, sent_at=AT)} == {Result.TAKEN}
        assert [system.effects(item.key) for item in items] == [1, 1]

    def _refused(self, crm: Crm, items: list[Item]) -> list[DeliveryError | Outcome]:
        """Send what the system takes nothing of: either it says so as a whole, or of each."""
        try:
            outcomes = crm.upsert(items, sent_at=AT)
        except DeliveryError as error:
            self.check_is_silent(error)
            return [error]
        self.check_is_silent(*outcomes)
        assert {one.result for one in outcomes} == {Result.REFUSED}
        return list(outcomes)

    @needs(Feature.REQUESTS)
    @pytest.mark.parametrize("fault", [Fault.ERROR_AFTER, Fault.CUT_AFTER])
    @pytest.mark.parametrize("kind", ["handoff", "task"])
    def test_a_failure_after_applying_is_unknown_until_it_is_read_back(
        self, crm, system, fault, kind
    ):
        make = self.handoff if kind == "handoff" else self.message
        items = [make(1), make(2)]
        system.fail(fault)
        self._check_unknown(crm.upsert(items, sent_at=AT), items, crm, system)

    @needs(Feature.REQUESTS)
    def test_an_answer_later_than_the_timeout_is_unknown(self, crm, hasty, system):
        items = [self.handoff(1), self.handoff(2)]
        system.fail(Fault.SLOW)
        self._check_unknown(hasty.upsert(items, sent_at=AT), items, crm, system)

    def _check_unknown(
        self, outcomes: tuple[Outcome, ...], items: list[Item], crm: Crm, system: System
    ) -> None:
        """At least one is unknown, none is called refused that is there, and none doubles."""
        assert [one.key for one in outcomes] == [item.key for item in items]
        assert Result.UNKNOWN in {one.result for one in outcomes}
        self.check_is_silent(*outcomes)
        for one in outcomes:
            assert one.result is not Result.REFUSED or system.effects(one.key) == 0
        if Feature.READ_BACK not in self.cannot:
            unknown = {one.key for one in outcomes if one.result is Result.UNKNOWN}
            there = crm.read_back([item.key for item in items])
            assert {key for key in unknown if system.effects(key)} <= set(there)
        again = crm.upsert(items, sent_at=AT + HOUR)
        assert {one.result for one in again} == {Result.TAKEN}
        assert [system.effects(item.key) for item in items] == [1] * len(items)

    @needs(Feature.REQUESTS)
    @pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.CUT_BEFORE])
    def test_a_failure_before_applying_is_unknown_and_nothing_is_read_back(
        self, crm, system, fault
    ):
        items = [self.handoff(1), self.handoff(2)]
        system.fail(fault)
        outcomes = crm.upsert(items, sent_at=AT)
        assert Result.UNKNOWN in {one.result for one in outcomes}
        lost = [one.key for one in outcomes if one.result is not Result.TAKEN]
        assert [system.effects(key) for key in lost] == [0] * len(lost)
        assert set(crm.read_back(lost)) == set()
        again = crm.upsert(items, sent_at=AT + HOUR)
        assert {one.result for one in again} == {Result.TAKEN}
        assert [system.effects(item.key) for item in items] == [1, 1]

    @needs(Feature.REACH)
    def test_a_system_that_cannot_be_reached_is_one_error(self, crm, system):
        system.fail(Fault.UNREACHABLE)
        with pytest.raises(DeliveryError) as caught:
            crm.upsert([self.handoff()], sent_at=AT)
        self.check_is_silent(caught.value)
        with pytest.raises(DeliveryError) as caught:
            crm.read_back([self.handoff().key])
        self.check_is_silent(caught.value)

    @needs(Feature.SECRET)
    def test_a_wrong_secret_is_one_error_that_names_its_variable(self, crm, system):
        system.fail(Fault.SECRET)
        with pytest.raises(DeliveryError, match=self.secret_variable) as caught:
            crm.upsert([self.handoff()], sent_at=AT)
        self.check_is_silent(caught.value)
        assert SECRET_WORD not in repr(crm)
        assert system.effects(self.handoff().key) == 0

    def test_words_of_all_kinds_long_ones_and_empty_ones_pass(self, crm, system):
        item = self.handoff(1, **self.texts)
        (outcome,) = crm.upsert([item], sent_at=AT)
        assert outcome.result is Result.TAKEN
        kept = system.payload(item.key)
        assert {name: kept["lead"][name] for name in self.texts} == dict(self.texts)

    # People

    @needs(Feature.EDITS)
    @pytest.mark.parametrize("field", ["owner", "stage"])
    def test_what_a_person_set_since_our_last_read_stays_and_is_told(self, crm, system, field):
        crm.upsert([self.handoff(1, owner="7", stage="mql")], sent_at=AT)
        theirs = {"owner": self.rep("9"), "stage": "opportunity"}[field]
        system.edit(self.lead_id(1), at=AT + 2 * HOUR, **{field: theirs})
        (outcome,) = crm.upsert([self._second(read_at=AT + HOUR)], sent_at=AT + 3 * HOUR)
        assert outcome.result is Result.TAKEN
        ours = {"owner": self.rep("8"), "stage": "sql"}[field]
        assert outcome.kept == (
            Kept(
                field=field,
                ours=system.told(field, ours),
                theirs=system.told(field, theirs),
                at=AT + 2 * HOUR,
            ),
        )
        there = system.lead(self.lead_id(1))
        wanted = {"owner": self.rep("8"), "stage": "sql"} | {field: theirs}
        assert {"owner": there.owner, "stage": there.stage} == wanted
        assert there.priority == "1"

    def _second(self, *, read_at: datetime | None) -> Item:
        """The same lead's next hand-off, to another rep, at another stage and priority."""
        return self.handoff(
            1, key="handoff:h2:x", owner="8", stage="sql", priority=1, read_at=read_at
        )

    @needs(Feature.EDITS)
    @pytest.mark.parametrize("minutes", [1, 0])
    def test_what_a_person_set_up_to_our_last_read_is_overwritten(self, crm, system, minutes):
        crm.upsert([self.handoff(1)], sent_at=AT)
        edited_at = AT + 2 * HOUR
        system.edit(self.lead_id(1), at=edited_at, owner=self.rep("9"), stage="opportunity")
        read_at = edited_at + timedelta(minutes=minutes)
        (outcome,) = crm.upsert([self._second(read_at=read_at)], sent_at=AT + 3 * HOUR)
        assert (outcome.result, outcome.kept) == (Result.TAKEN, ())
        assert system.lead(self.lead_id(1)) == Lead(owner=self.rep("8"), stage="sql", priority="1")

    @needs(Feature.EDITS)
    def test_where_nothing_was_ever_read_an_edit_is_overwritten(self, crm, system):
        crm.upsert([self.handoff(1)], sent_at=AT)
        system.edit(self.lead_id(1), at=AT + 2 * HOUR, owner=self.rep("9"))
        (outcome,) = crm.upsert([self._second(read_at=None)], sent_at=AT + 3 * HOUR)
        assert (outcome.result, outcome.kept) == (Result.TAKEN, ())
        assert system.lead(self.lead_id(1)).owner == self.rep("8")

    @needs(Feature.EDITS)
    def test_what_we_wrote_ourselves_since_our_last_read_is_no_edit(self, crm, system):
        crm.upsert([self.handoff(1)], sent_at=AT)
        item = self._second(read_at=datetime(2020, 1, 1, tzinfo=UTC))
        (outcome,) = crm.upsert([item], sent_at=AT + HOUR)
        assert (outcome.result, outcome.kept) == (Result.TAKEN, ())
        assert system.lead(self.lead_id(1)).owner == self.rep("8")

    @needs(Feature.EDITS)
    def test_a_person_who_set_what_we_want_is_not_told_of(self, crm, system):
        crm.upsert([self.handoff(1)], sent_at=AT)
        system.edit(self.lead_id(1), at=AT + 2 * HOUR, owner=self.rep("8"), stage="sql")
        (outcome,) = crm.upsert([self._second(read_at=AT + HOUR)], sent_at=AT + 3 * HOUR)
        assert (outcome.result, outcome.kept) == (Result.TAKEN, ())

    @needs(Feature.EDITS)
    def test_an_edit_since_is_not_lost_when_the_same_item_comes_again(self, crm, system):
        item = self.handoff(1)
        crm.upsert([item], sent_at=AT)
        system.edit(self.lead_id(1), at=AT + 2 * HOUR, owner=self.rep("9"))
        (outcome,) = crm.upsert([item], sent_at=AT + 3 * HOUR)
        assert outcome.result is Result.TAKEN
        assert system.lead(self.lead_id(1)).owner == self.rep("9")
        assert system.effects(item.key) == 1

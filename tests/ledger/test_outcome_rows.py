"""How it ended with leads, from the versions of leads and deals that sources gave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accord.ledger import Ledger, insert_rows, tables
from accord.ledger.company_rows import IDENTITY
from accord.ledger.outcome_rows import read_ends
from accord.records import from_us, to_us
from accord.services.merges import Merges
from accord.services.rescore import run_rescore
from accord.services.rescore_past import find_ends
from accord.services.workspace import Workspace

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
BUYER = {"title": "VP", "industry": "software", "country": "DE"}


def days(number: int | None) -> datetime | None:
    """An instant so many days ago."""
    return None if number is None else NOW - number * DAY


class Said:
    """Puts rows where ingestion would; instants are days ago."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.rows = 0

    def lead(
        self, stage: str | None, *, known: int, since: int | None = None, **other: Any
    ) -> None:
        """Store one more version of crm:1, or of another lead."""
        version = {"lead_id": "crm:1", "created_at": days(90), "known_at": days(known)}
        stated = {"stage": stage, "stage_at": days(since)}
        self._insert(tables.lead_version, {**version, **self._key(), **stated, **other})

    def deal(self, stage: str, *, known: int, closed: int | None = None, **other: Any) -> None:
        version = {"opportunity_id": "d1", "lead_id": "crm:1", "known_at": days(known)}
        stated = {"stage": stage, "opened_at": days(known + 1), "closed_at": days(closed)}
        self._insert(tables.opportunity_version, {**version, **self._key(), **stated, **other})

    def refused(self, at: int) -> None:
        self.rows += 1
        decision = {"decision_id": f"q{self.rows}", "lead_id": "crm:1", "outcome": "disqualify"}
        when = {"decided_at": days(at), "known_at": days(at)}
        self._insert(tables.decision, {**decision, **when, "row_hash": "x"})

    def batch(self, batch_id: str, place: str) -> None:
        counts = ("rows_in", "accepted", "quarantined", "duplicates", "held", "flagged")
        row = {"batch_id": batch_id, "source": "crm", "entity": "lead", "place": place}
        rest = {"taken_at": NOW, "status": "taken", **dict.fromkeys(counts, 0)}
        self._insert(tables.batch, {**row, **rest})

    def _key(self) -> dict[str, Any]:
        self.rows += 1
        return {"batch_id": "b", "row_number": self.rows}

    def _insert(self, table: Any, row: dict[str, Any]) -> None:
        with self.ledger.begin() as connection:
            insert_rows(connection, table, [row])

    def ends(self, known: int = 0) -> list[tuple[str, int, bool]]:
        """The ends as known so many days ago: stage, days ago, is_dated; sorted."""
        rows = self.read(known).to_pylist()
        return sorted((row["stage"], (NOW - row["at"]).days, row["is_dated"]) for row in rows)

    def read(self, known: int = 0) -> pa.Table:
        with self.ledger.read() as connection:
            return read_ends(connection, known_at=days(known))

    def past(self, as_of: int = 0, into: dict[str, str] | None = None) -> list[tuple[Any, ...]]:
        """Who is past: lead, whether it won, when it ended in days ago."""
        found = self.found(as_of, into).past.to_pylist()
        return [(row["lead_id"], row["won"], ago(row["ended_us"])) for row in found]

    def settled(self, as_of: int = 0) -> list[int]:
        return [ago(row["settled_us"]) for row in self.found(as_of).settled.to_pylist()]

    def found(self, as_of: int, into: dict[str, str] | None = None) -> Any:
        merges = Merges(into=into or {})
        with duckdb.connect() as engine:
            return find_ends(
                self.read(), merges, connection=engine, as_of_us=to_us(NOW - as_of * DAY)
            )


def ago(us: int) -> int:
    return (NOW - from_us(us)).days


@pytest.fixture
def said(ledger: Ledger) -> Said:
    return Said(ledger)


@pytest.mark.parametrize("stage", ["customer", "lost", "disqualified", "opportunity"])
def test_a_status_without_a_date_is_known_since_the_first_version_that_stated_it(
    said: Said, stage: str
) -> None:
    """The lead was created 90 days ago, which says nothing of its end."""
    said.lead("mql", known=60)
    said.lead(stage, known=40)
    said.lead(stage, known=30)
    assert said.ends() == [(stage, 40, False)]
    assert said.ends(known=40) == [(stage, 40, False)]
    assert said.ends(known=41) == []


@pytest.mark.parametrize("stage", ["customer", "lost", "disqualified", "opportunity"])
def test_a_date_of_the_status_counts_whichever_version_gives_it(said: Said, stage: str) -> None:
    said.lead(stage, known=40)
    said.lead(stage, known=30, since=50)
    said.lead(stage, known=20)
    assert said.ends() == [(stage, 50, True)]
    assert said.ends(known=31) == [(stage, 40, False)]


@pytest.mark.parametrize("stage", ["lost", "disqualified", "opportunity"])
@pytest.mark.parametrize("after", ["mql", None])
def test_a_status_that_the_source_took_back_ends_nothing(
    said: Said, stage: str, after: str | None
) -> None:
    """It ends the lead while it stands: to 30 days ago, and at that instant no longer."""
    said.lead(stage, known=40, since=41)
    said.lead(after, known=30, since=30)
    assert said.ends(known=31) == [(stage, 41, True)]
    assert said.ends(known=30) == said.ends() == []


def test_who_was_ever_a_customer_stays_one_from_the_first_date(said: Said) -> None:
    said.lead("customer", known=60, since=61)
    said.lead("opportunity", known=40, since=41)
    said.lead("customer", known=20, since=21)
    said.lead("lost", known=10, since=11)
    assert said.ends() == [("customer", 61, True), ("lost", 11, True)]
    assert said.past() == [("crm:1", True, 61)]
    assert said.settled() == [61]


def test_what_was_lost_and_stated_again_counts_from_the_newest_date(said: Said) -> None:
    said.lead("lost", known=60, since=61)
    said.lead("mql", known=40, since=41)
    said.lead("lost", known=20, since=21)
    assert said.past() == [("crm:1", False, 21)]


def test_a_lead_that_is_an_opportunity_again_is_open_and_no_past_non_buyer(said: Said) -> None:
    said.lead("lost", known=60, since=61)
    assert said.past() == [("crm:1", False, 61)]
    said.refused(50)
    said.lead("opportunity", known=40)
    assert said.past() == []


def test_where_deals_are_known_they_say_whether_a_lead_is_open_and_not_its_status(
    said: Said,
) -> None:
    """Many systems leave a lead at opportunity when its deal is lost."""
    said.lead("opportunity", known=40)
    said.deal("lost", known=20, closed=20)
    assert said.ends() == [("lost", 20, True)]
    assert said.ends(known=21) == [("opportunity", 40, False)]


def test_what_identity_made_of_a_lead_takes_no_status_back(said: Said) -> None:
    """Its versions have no stage."""
    said.lead("disqualified", known=40, since=41)
    said.lead(None, known=30, batch_id=IDENTITY, row_number=0)
    assert said.ends() == [("disqualified", 41, True)]


def test_of_versions_of_one_instant_the_last_place_then_the_last_row_counts(said: Said) -> None:
    """A version without a batch stands before all that have one, on both stores."""
    said.batch("z", "inbox/1.csv")
    said.batch("a", "inbox/2.csv")
    said.lead("mql", known=30, batch_id="a", row_number=2)
    said.lead("lost", known=30, batch_id="a", row_number=3)
    said.lead("disqualified", known=30, batch_id="z", row_number=9)
    said.lead("disqualified", known=30, batch_id="none", row_number=9)
    assert said.ends() == [("lost", 30, False)]


def test_a_deal_counts_as_its_newest_version_says(said: Said) -> None:
    said.deal("lost", known=40, closed=40)
    said.deal("opportunity", known=30)
    assert said.ends() == [("opportunity", 31, True)]
    assert said.ends(known=31) == [("lost", 40, True)]


@pytest.mark.parametrize("known", [60, 20, 5])
def test_a_deal_says_more_exactly_when_it_was_won_than_a_status_without_a_date(
    said: Said, known: int
) -> None:
    """Before, with and after the closing; before it the lead had not been won."""
    said.lead("customer", known=known)
    said.deal("customer", known=20, closed=20)
    assert said.past() == [("crm:1", True, 20)]
    assert said.settled() == [20]
    assert said.past(as_of=20) == [("crm:1", True, 20)]
    assert said.past(as_of=21) == []


def test_a_status_with_a_date_before_the_deal_is_the_first_win(said: Said) -> None:
    said.lead("customer", known=30, since=50)
    said.deal("customer", known=20, closed=20)
    assert said.past() == [("crm:1", True, 50)]


@pytest.mark.parametrize(("stage", "known"), [("lost", 5), ("disqualified", 60)])
def test_a_dated_loss_or_refusal_is_not_moved_by_a_status_without_a_date(
    said: Said, stage: str, known: int
) -> None:
    said.lead(stage, known=known)
    if stage == "lost":
        said.deal("lost", known=20, closed=20)
    else:
        said.refused(20)
    assert said.past() == [("crm:1", False, 20)]


def test_the_deal_of_a_merged_record_dates_the_status_of_its_root(said: Said) -> None:
    said.lead("customer", known=60)
    said.deal("customer", known=20, closed=20, lead_id="web:1")
    assert said.past(into={"web:1": "crm:1"}) == [("crm:1", True, 20)]


def test_an_end_that_was_not_known_yet_at_the_instant_is_none(said: Said) -> None:
    said.lead("customer", known=20)
    assert said.past(as_of=20) == [("crm:1", True, 20)]
    assert said.past(as_of=21) == []


lives = st.lists(
    st.tuples(
        st.sampled_from((None, "mql", "opportunity", "customer", "lost", "disqualified")),
        st.integers(0, 5),
        st.none() | st.integers(0, 9),
    ),
    max_size=6,
)
"""Versions of a lead as stored: stage, known and since in days ago."""


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives, st.integers(0, 5))
def test_the_ends_are_those_of_plain_python(said: Said, life: list[Any], known: int) -> None:
    said.rows += 1
    lead_id = f"crm:{said.rows}"
    for stage, at, since in life:
        said.lead(stage, known=at, since=since, lead_id=lead_id)
    found = said.read(known).to_pylist()
    own = [row for row in found if row["lead_id"] == lead_id]
    told = sorted((row["stage"], row["at"], row["is_dated"]) for row in own)
    assert told == sorted(plain_ends([one for one in life if one[1] >= known]))


def plain_ends(life: list[tuple[str | None, int, int | None]]) -> list[tuple[Any, ...]]:
    """Of versions in the order of their rows: stage, at, is_dated of what counts."""
    *_, newest = [(None, 0, None), *sorted(life, key=lambda one: -one[1])]
    ends = []
    for stage in ("opportunity", "customer", "lost", "disqualified"):
        own = [one for one in life if one[0] == stage]
        if own and stage in ("customer", newest[0]):
            dates = [since for *_, since in own if since is not None]
            at = max(dates) if dates else max(known for _, known, _ in own)
            if stage != "customer" and newest[2] is not None:
                at = newest[2]
            ends.append((stage, days(at), bool(dates)))
    return ends


def test_a_winner_of_whom_only_a_status_without_a_date_is_stated_may_have_been_sent(
    workspace: Workspace,
) -> None:
    """A demo 60 days ago; crm:1 has a deal won since, crm:2 was said to be a customer since.

    crm:3 had its demo after it was disqualified: it was not sent, and bought nothing.
    """
    said = Said(workspace.ledger)
    for number in (1, 2, 3):
        row = {"lead_id": f"crm:{number}", "created_at": days(90), "known_at": days(90)}
        said._insert(tables.lead, {**row, **BUYER, "row_hash": "x", "cycle": 0})
    said.lead("customer", known=90, lead_id="crm:1", **BUYER)
    said.deal("customer", known=20, closed=20)
    said.lead("mql", known=90, lead_id="crm:2", **BUYER)
    said.lead("customer", known=30, lead_id="crm:2", **BUYER)
    said.lead("disqualified", known=90, lead_id="crm:3", since=70, **BUYER)
    did = {
        "activity_id": ["web:1", "web:2", "web:3"],
        "lead_id": ["crm:1", "crm:2", "crm:3"],
        "kind": ["demo_requested"] * 3,
        "occurred_us": [to_us(NOW - 60 * DAY)] * 3,
    }
    workspace.log.append(pa.table(did), batch_id="b", taken_at=NOW - 60 * DAY)
    past = run_rescore(workspace, as_of=NOW).past["now"]
    assert (past.winners, past.non_buyers) == (2, 1)
    assert (past.recall.count, past.recall.of) == (2, 2)
    assert (past.wasted.count, past.wasted.of) == (0, 1)

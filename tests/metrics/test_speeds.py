"""Speed to lead in its parts: when a lead arrived, who was first assigned, which bucket it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.agreement import load
from accord.ledger.metric_rows import read_raw
from accord.metrics import BUCKETS, METRICS, Cube, compute, count_buckets, prepare, window
from accord.metrics.buckets import bucket_all, bucket_of
from accord.metrics.prepare import tables_for
from accord.metrics.speeds import FRESH, with_speeds
from accord.records import to_us
from tests.conftest import ROOT
from tests.metrics.company import Company

AT = datetime(2026, 11, 9, 15, tzinfo=UTC)  # Monday 10:00 in New York
MINUTE = timedelta(minutes=1)
US = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def agreement():
    return load(ROOT / "agreement.yaml")


class Story:
    """One lead that is handed over, as the ledger tells it."""

    def __init__(self, *, created: datetime = AT) -> None:
        self.company = Company(leads=0, weeks=0)
        self.moves = 0
        self.company.add(
            "lead", lead_id="web:0", created_at=created, segment="small", channel="email",
            campaign=None, industry=None, country="US", cycle=0, known_at=created, row_hash="x",
        )  # fmt: skip
        self.enter("new_name", created, cycle=0)

    def enter(self, stage: str, at: datetime, *, cycle: int = 1, origin: str = "decided") -> None:
        self.moves += 1
        self.company.add(
            "stage_change", change_id=f"m{self.moves}", lead_id="web:0", from_stage=None,
            to_stage=stage, cycle=cycle, occurred_at=at, position=self.moves, known_at=at,
            origin=origin, inferred=False, cause="made",
        )  # fmt: skip

    def hand_over(
        self,
        queued: datetime,
        assigned: datetime | None,
        *,
        origin: str = "decided",
        **more: object,
    ) -> None:
        row = {"cycle": 1, "rep_id": "crm:ada", "team": "inbound", **more}
        self.company.add(
            "handoff", handoff_id="h", lead_id="web:0", stage="mql", origin=origin, hot=False,
            segment="small", channel="email", forced=False, kept=False, queued_at=queued,
            assigned_at=assigned, **row,
        )  # fmt: skip

    def own(self, rep: str | None, since: datetime) -> None:
        self.company.add(
            "handoff_owner", handoff_id="h", since=since, rep_id=rep, team="inbound", why="assigned"
        )

    def clock(self, start: datetime, *, owner: str = "crm:ada", **ended: object) -> None:
        self.company.clock(
            lead={"lead_id": "web:0", "segment": "small"}, term="first_touch", start=start,
            business=True, within=5 * MINUTE, owner_id=owner, team="inbound", side="sales",
            handoff_id="h", cycle=1, **{"ended_at": None, "ended_by": None, **ended},
        )  # fmt: skip

    def speeds(self, ledger, agreement, *, calendar: str | None = None) -> pd.DataFrame:
        self.company.write(ledger)
        with ledger.read() as connection:
            raw = {table: read_raw(connection, table) for table in tables_for(["speeds"])}
        self.frames = prepare(raw, agreement, frames=["speeds"])
        return with_speeds(raw, agreement, calendar=calendar)


def test_a_lead_that_asked_as_its_first_move_arrived_when_it_was_created(ledger, agreement):
    story = Story()
    story.enter("mql", AT + 5 * MINUTE)
    story.hand_over(AT + 5 * MINUTE, AT + 7 * MINUTE)
    story.clock(AT + 7 * MINUTE, ended_at=AT + 10 * MINUTE, ended_by="met")
    (row,) = story.speeds(ledger, agreement).to_dict("records")
    assert (row["system_us"], row["rep_us"], row["total_us"]) == (
        7 * 60_000_000,
        3 * 60_000_000,
        10 * 60_000_000,
    )
    assert (row["system_bucket"], row["rep_bucket"]) == ("to 10 min", "to 5 min")


def test_the_speeds_of_some_leads_are_theirs_among_all(ledger, agreement):
    """Breaches read what is about their leads alone."""
    company = Company(leads=40, weeks=3)
    company.write(ledger)
    with ledger.read() as connection:
        whole = _speeds_of(connection, agreement, lead_ids=None)
        for count in (0, 1, 7, 40):
            some = sorted(whole["lead_id"].unique())[:count]
            theirs = whole[whole["lead_id"].isin(some)].sort_values("handoff_id")
            found = _speeds_of(connection, agreement, lead_ids=some).sort_values("handoff_id")
            pd.testing.assert_frame_equal(
                found.reset_index(drop=True), theirs.reset_index(drop=True), check_dtype=count > 0
            )
    assert len(whole) > 7


def _speeds_of(connection, agreement, *, lead_ids):
    tables = tables_for(["speeds"])
    raw = {table: read_raw(connection, table, lead_ids=lead_ids) for table in tables}
    return with_speeds(raw, agreement)


@pytest.mark.parametrize(
    ("older", "arrived"),
    [(FRESH - US, "created"), (FRESH, "created"), (FRESH + US, "mql")],
)
def test_an_older_record_arrived_with_its_entry_into_mql(ledger, agreement, older, arrived):
    story = Story(created=AT - older)
    story.enter("mql", AT)
    story.hand_over(AT, AT + MINUTE)
    (row,) = story.speeds(ledger, agreement).to_dict("records")
    assert row["arrived_us"] == to_us({"created": AT - older, "mql": AT}[arrived])


def test_a_nurtured_lead_arrived_with_its_entry_into_mql_and_waits_in_the_queue(ledger, agreement):
    story = Story(created=AT - timedelta(hours=3))
    story.enter("engaged", AT - timedelta(hours=2), cycle=0)
    story.enter("mql", AT)
    story.hand_over(AT, AT + timedelta(days=2))
    (row,) = story.speeds(ledger, agreement).to_dict("records")
    assert row["system_us"] == timedelta(days=2) // US
    assert row["system_open_us"] == timedelta(hours=15) // US  # Wednesday is Veterans Day
    assert pd.isna(row["rep_us"])


def test_a_later_cycle_arrives_with_its_own_entry_however_young_the_lead(ledger, agreement):
    story = Story()
    story.enter("mql", AT)
    story.enter("mql", AT + timedelta(hours=5), cycle=2)
    story.hand_over(AT + timedelta(hours=5), AT + timedelta(hours=6), cycle=2)
    (row,) = story.speeds(ledger, agreement).to_dict("records")
    assert row["system_us"] == timedelta(hours=1) // US


def test_an_observed_hand_over_of_a_new_lead_arrived_when_its_source_created_it(ledger, agreement):
    story = Story(created=AT - timedelta(days=9))
    story.enter("engaged", AT, cycle=0, origin="observed")  # stages that were skipped
    story.enter("mql", AT, origin="observed")
    story.hand_over(AT, AT, origin="observed", rep_id=None)
    (row,) = story.speeds(ledger, agreement).to_dict("records")
    assert row["system_us"] == timedelta(days=9) // US


def test_an_observed_hand_over_that_tells_no_wait_has_none_rather_than_zero(ledger, agreement):
    story = Story(created=AT - timedelta(days=9))
    story.enter("engaged", AT - timedelta(days=8), cycle=0, origin="observed")
    story.enter("mql", AT, origin="observed")
    story.hand_over(AT, AT, origin="observed")
    (row,) = story.speeds(ledger, agreement).to_dict("records")
    assert pd.isna(row["system_us"])
    assert pd.isna(row["system_bucket"])
    cube = Cube(story.frames, window(None, None, as_of=AT))
    assert compute(cube, METRICS["assigned_after"])[0].value == 0


def test_an_arrival_after_the_assignment_counts_as_one_at_it(ledger, agreement):
    story = Story(created=AT + MINUTE)
    story.enter("mql", AT, origin="observed")
    story.hand_over(AT, AT, origin="observed")
    (row,) = story.speeds(ledger, agreement).to_dict("records")
    assert (row["system_us"], row["system_bucket"]) == (0, "to 5 min")


def test_the_rep_delay_of_one_that_changed_hands_counts_from_the_first_owner(ledger, agreement):
    story = Story()
    story.enter("mql", AT)
    story.hand_over(AT, AT + 30 * MINUTE, rep_id="crm:ben")  # what the hand-over says of now
    story.own("crm:ada", AT)
    story.own("crm:ben", AT + 30 * MINUTE)
    story.clock(AT, ended_at=AT + 30 * MINUTE, ended_by="transferred")
    story.clock(AT + 30 * MINUTE, owner="crm:ben", ended_at=AT + 40 * MINUTE, ended_by="met")
    (row,) = story.speeds(ledger, agreement).to_dict("records")
    assert (row["system_us"], row["rep_us"]) == (0, timedelta(minutes=40) // US)


def test_what_waits_in_the_queue_is_no_speed_yet(ledger, agreement):
    story = Story()
    story.enter("mql", AT)
    story.hand_over(AT, None, rep_id=None)
    assert story.speeds(ledger, agreement).empty


def test_a_named_calendar_counts_in_place_of_each_clocks_own(ledger, agreement):
    story = Story()
    story.enter("mql", AT)
    story.hand_over(AT, AT)
    story.clock(AT, ended_at=AT + timedelta(days=1), ended_by="met")
    name = next(name for name, entry in agreement.calendars.items() if "Berlin" in str(entry))
    (row,) = story.speeds(ledger, agreement, calendar=name).to_dict("records")
    from accord.calendars import Calendar

    elapsed = Calendar.parse(agreement.calendars[name]).elapsed(AT, AT + timedelta(days=1))
    assert row["rep_open_us"] == elapsed // US != row["rep_us"]


@pytest.mark.parametrize(("label", "minutes"), BUCKETS[:-1])
def test_a_wait_of_exactly_a_limit_is_in_its_bucket_and_a_microsecond_more_is_not(label, minutes):
    limit = minutes * 60_000_000
    assert bucket_of(limit) == label
    assert bucket_of(limit + 1) != label


def test_a_wait_of_nothing_is_in_the_first_bucket():
    assert bucket_of(0) == "to 5 min"


@given(st.lists(st.integers(0, 10**13)))
def test_many_waits_fall_into_the_buckets_that_each_falls_into(waits):
    one_by_one = [bucket_of(wait) for wait in waits]
    assert bucket_all(pd.Series(waits, dtype="Int64")).tolist() == one_by_one
    counts = count_buckets(waits)
    assert counts == {label: one_by_one.count(label) for label, _ in BUCKETS}

"""Who kept the cadence, a second time by SQL: hand-overs that pass from rep to rep and back.

A step or an attempt that is put to another rep's account than the one who owed it fails here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from accord.ledger import insert_rows, tables
from accord.records import Channel, TouchOutcome
from accord.services.cadence import EVERYTHING
from accord.services.cadence_reports import summarize_cadence
from tests.metrics.independent import open_duckdb
from tests.proof import count

MONDAY = datetime(2026, 11, 2, 15, tzinfo=UTC)  # 10:00 in New York, 16:00 in Berlin
AFTERWARDS = MONDAY + timedelta(weeks=20)
REPS = {"crm:ann": "inbound", "crm:bob": "inbound", "crm:eva": "emea"}
STATES = ("on_time", "late", "missed", "not_needed")
FACTS = (tables.touch, tables.handoff_owner, tables.handoff, tables.lead)

# Few instants, so that a touch often falls on a change of owner or on the end.
minutes = st.integers(-4, 60).map(lambda five: 5 * five) | st.integers(0, 80).map(
    lambda hours: 60 * hours
)
people = st.sampled_from([*REPS, *REPS, None])
touches = st.tuples(
    minutes,
    st.sampled_from([*REPS, *REPS, None]),
    st.sampled_from([Channel.CALL, Channel.CALL, Channel.EMAIL, *Channel]),
    st.sampled_from([None, TouchOutcome.NO_ANSWER, *TouchOutcome]),
    st.sampled_from([None, False, False, True]),
)


@st.composite
def stories(draw):
    """One lead: the owners of each of its hand-overs with what was told of their team, touches."""
    handed = {}
    for stage in ("mql", "sql")[: draw(st.integers(1, 2))]:
        owners = draw(st.dictionaries(minutes, people, min_size=1, max_size=5))
        handed[stage] = {
            "origin": draw(st.sampled_from(["decided", "decided", "observed"])),
            "owners": owners,
            "teams_said": draw(st.booleans()),
            "ended": draw(st.none() | minutes),
            "outcome": draw(st.sampled_from(["converted", "returned", "overtaken", "merged"])),
        }
    return handed, draw(st.lists(touches, max_size=14))


def _told(owners, made, *, origin="decided", ended=None):
    """A story for the examples below: calls that nobody answers."""
    handed = {"origin": origin, "owners": owners, "teams_said": True, "outcome": "returned"}
    called = [(at, rep, Channel.CALL, TouchOutcome.LEFT_MESSAGE, False) for at, rep in made]
    return {"mql": handed | {"ended": ended}}, called


BACK = _told(
    {0: "crm:ann", 60: "crm:bob", 120: "crm:ann"},
    [(5, "crm:ann"), (65, "crm:ann"), (70, "crm:bob"), (125, "crm:ann"), (130, "crm:bob")],
)
NOBODY_BETWEEN = _told(
    {0: "crm:ann", 60: None, 120: "crm:eva"}, [(5, "crm:ann"), (65, "crm:ann"), (125, "crm:eva")]
)
BEFORE = _told({-20: "crm:eva", 0: "crm:ann"}, [(-15, "crm:eva"), (0, "crm:eva"), (0, "crm:ann")])
ANYBODYS = _told(
    {0: None, 60: "crm:ann", 120: None, 180: "crm:bob"},
    [(5, "crm:bob"), (60, "crm:bob"), (125, "crm:bob"), (185, None)],
    origin="observed",
)
AT_THE_END = _told({0: "crm:ann", 60: "crm:bob"}, [(60, "crm:ann"), (60, "crm:bob")], ended=60)


@pytest.fixture
def office(workspace):
    """A workspace that knows the reps, and nothing else."""
    known = {"known_at": MONDAY - timedelta(days=9), "role": "sdr", "row_hash": "made"}
    rows = [{"rep_id": rep, "team": team, **known} for rep, team in REPS.items()]
    with workspace.ledger.begin() as connection:
        insert_rows(connection, tables.rep, rows)
    return workspace


@given(told=st.lists(stories(), min_size=1, max_size=4))
@example(told=[BACK])
@example(told=[NOBODY_BETWEEN])
@example(told=[BEFORE])
@example(told=[ANYBODYS])
@example(told=[AT_THE_END])
@example(told=[BACK, NOBODY_BETWEEN, BEFORE, ANYBODYS, AT_THE_END])
@settings(max_examples=count(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_step_and_attempt_is_put_to_the_account_of_the_rep_who_had_the_lead(office, told):
    _write(office, told)
    found = summarize_cadence(office, as_of=AFTERWARDS, asked=EVERYTHING)
    twin = open_duckdb(office.ledger)
    assert _steps(found["steps"]) == _by_step(twin)
    reps = {(row["rep"], row["team"]): _counted(row) for row in found["reps"]}
    assert reps == _by_owner(twin, "rep_id", "team")
    teams = {(row["team"],): _counted(row) for row in found["teams"]}
    assert teams == _by_owner(twin, "team")


def _write(office, told):
    rows = {table.name: [] for table in FACTS}
    for number, (handed, made) in enumerate(told):
        lead_id = f"crm:{number}"
        rows["lead"].append({"lead_id": lead_id, "created_at": MONDAY, "cycle": 1, **_KNOWN})
        for stage, handoff in handed.items():
            rows["handoff"].append(_handoff(lead_id, stage, handoff))
            rows["handoff_owner"].extend(_owners(f"{lead_id}-{stage}", handoff))
        for place, (at, rep, channel, outcome, automatic) in enumerate(made):
            touch = {"touch_id": f"{lead_id}-{place}", "lead_id": lead_id, "rep_id": rep}
            touch |= {"touched_at": _at(at), "channel": channel, "outcome": outcome}
            rows["touch"].append({**touch, "automatic": automatic, **_KNOWN})
    with office.ledger.begin() as connection:
        for table in FACTS:
            connection.execute(delete(table))
            insert_rows(connection, table, rows[table.name])


_KNOWN = {"known_at": MONDAY, "row_hash": "made"}


def _handoff(lead_id, stage, handoff):
    ended = None if handoff["ended"] is None else _at(handoff["ended"])
    return {
        "handoff_id": f"{lead_id}-{stage}", "lead_id": lead_id, "cycle": 1, "stage": stage,
        "origin": handoff["origin"], "hot": False, "forced": False, "kept": False,
        "queued_at": MONDAY, "assigned_at": MONDAY, "ended_at": ended,
        "outcome": None if ended is None else handoff["outcome"],
    }  # fmt: skip


def _owners(handoff_id, handoff):
    for at, rep in handoff["owners"].items():
        team = REPS.get(rep) if handoff["teams_said"] else None
        owner = {"handoff_id": handoff_id, "since": _at(at), "rep_id": rep, "team": team}
        yield {**owner, "why": "assigned"}


def _at(minute):
    return MONDAY + timedelta(minutes=minute)


def _steps(rows):
    return {
        f"{row['branch']} {row['step']} {row['channel']}": tuple(row[state] for state in STATES)
        for row in rows
    }


def _counted(row):
    channels = tuple(row[channel.value] for channel in Channel)
    return (row["handoffs"], *channels, *(row[state] for state in STATES))


def _by_step(twin):
    counts = _counts("became", STATES)
    found = twin.execute(f"SELECT step, {counts} FROM steps GROUP BY ALL").fetchall()
    return {step: tuple(rest) for step, *rest in found}


def _by_owner(twin, *columns):
    """By owner: hand-overs, attempts by channel, steps by what became of them."""
    names, counted = ", ".join(columns), (*Channel, *STATES)
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in counted)
    found = twin.execute(f"""
        WITH made AS (SELECT handoff_id, since, {_counts("channel", Channel)} FROM tries
                      GROUP BY ALL),
          owed AS (SELECT handoff_id, since, {_counts("became", STATES)} FROM steps GROUP BY ALL)
        SELECT {names}, count(DISTINCT handoff_id), {sums}
        FROM tenure LEFT JOIN made USING (handoff_id, since)
          LEFT JOIN owed USING (handoff_id, since) GROUP BY ALL""").fetchall()
    return {row[: len(columns)]: row[len(columns) :] for row in found}


def _counts(column, values):
    return ", ".join(f"count(*) FILTER ({column} = '{value}') AS {value}" for value in values)

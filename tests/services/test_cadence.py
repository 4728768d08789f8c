"""The cadence from the ledger: owners, merges, agreements over time, and what people ask."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from accord.errors import InputError
from accord.ledger import tables
from accord.services.cadence import Asked, follow_cadence
from accord.services.cadence_reports import list_open_steps, list_steps, summarize_cadence
from tests.services.clock_world import MONDAY, World, at

MINUTE = timedelta(minutes=1)
TUESDAY = at("2026-11-03 10:30")
EVERYBODY = Asked()


@pytest.fixture
def world(workspace):
    """Ann calls in time and leaves a voicemail, writes late; Bob reaches his lead at once."""
    world = World(workspace)
    for lead_id, rep in (("crm:1", "crm:ann"), ("crm:2", "crm:bob")):
        world.add_lead(lead_id)
        world.hand_over(lead_id, rep)
    world.touch("crm:1", "crm:ann", MONDAY + 4 * MINUTE, outcome="no_answer")
    world.touch("crm:1", "crm:ann", MONDAY + 6 * MINUTE, channel="voicemail")
    world.touch("crm:1", "crm:ann", MONDAY + 45 * MINUTE, channel="email")
    world.touch("crm:2", "crm:bob", MONDAY + 10 * MINUTE, outcome="connected")
    world.touch("crm:2", "crm:bob", MONDAY + 11 * MINUTE, channel="email", automatic=True)
    return world


def _became(rows):
    return [(row["branch"], row["step"], row["channel"], row["became"]) for row in rows]


def test_the_steps_of_a_lead_stand_with_what_became_of_them(world):
    rows = list_steps(world.workspace, "crm:1", as_of=TUESDAY)
    assert _became(rows)[:4] == [
        ("not_connected", 1, "call", "on_time"),
        ("not_connected", 2, "email", "late"),
        ("not_connected", 3, "call", "open"),
        ("not_connected", 4, "email", "open"),
    ]
    assert (rows[0]["due"], rows[0]["done"]) == (MONDAY + 10 * MINUTE, MONDAY + 6 * MINUTE)
    assert rows[2]["due"] == at("2026-11-03 11:00")  # nine hours at the office, lunch left out
    assert {row["rep"] for row in rows} == {"crm:ann"}


def test_a_rep_who_changes_office_later_kept_the_steps_that_were_kept(world):
    before = list_steps(world.workspace, "crm:1", as_of=TUESDAY)
    usual = {"rep_id": "crm:ann", "stated": False, "team": "inbound"}
    for since, calendar in ((MONDAY, None), (at("2026-11-20 10:00"), "berlin")):
        said = {"since": since, "known_at": since, "calendar": calendar}
        world.write(tables.posting, usual | said)
    world.set_rep("crm:ann", calendar="berlin")
    assert list_steps(world.workspace, "crm:1", as_of=TUESDAY) == before


def test_an_automatic_reply_does_not_sum_up_a_talk(world):
    rows = list_steps(world.workspace, "crm:2", as_of=TUESDAY)
    assert _became(rows)[0] == ("not_connected", 1, "call", "on_time")
    assert {row["became"] for row in rows if row["branch"] == "not_connected"} == {
        "on_time",
        "not_needed",
    }
    assert _became(rows)[-2:] == [
        ("connected", 1, "email", "missed"),
        ("connected", 2, "meeting", "open"),
    ]


def test_steps_reps_teams_and_channels_are_counted(world):
    found = summarize_cadence(world.workspace, as_of=TUESDAY, asked=EVERYBODY)
    first = found["steps"][0]
    assert (first["branch"], first["step"], first["channel"], first["within"]) == (
        *("not_connected", 1, "call", "10m"),
    )
    assert (first["due"], first["on_time"], first["on_time_share"]) == (2, 2, Decimal(1))
    second = found["steps"][1]
    assert (second["due"], second["late"], second["not_needed"]) == (1, 1, 1)
    ann, bob = found["reps"]
    assert (ann["rep"], ann["due"], ann["on_time"], ann["late"]) == ("crm:ann", 2, 1, 1)
    assert (ann["attempts"], ann["call"], ann["voicemail"], ann["email"]) == (3, 1, 1, 1)
    assert (bob["rep"], bob["attempts"], bob["missed"]) == ("crm:bob", 1, 1)
    (team,) = found["teams"]
    assert (team["team"], team["handoffs"], team["attempts_per_handoff"]) == (
        *("inbound", 2, Decimal(2)),
    )
    assert {row["channel"]: row["share"] for row in found["attempts"]} == {
        "call": Decimal("0.5"),
        "email": Decimal("0.25"),
        "voicemail": Decimal("0.25"),
    }


def test_what_is_asked_of_one_rep_leaves_the_others_out(world):
    found = summarize_cadence(world.workspace, as_of=TUESDAY, asked=Asked(rep_id="crm:bob"))
    assert [row["rep"] for row in found["reps"]] == ["crm:bob"]
    assert summarize_cadence(world.workspace, as_of=TUESDAY, asked=Asked(team="emea"))["reps"] == []


def test_the_next_steps_are_a_reps_list_for_the_day(world):
    asked = Asked(running=True)
    rows = list_open_steps(world.workspace, as_of=at("2026-11-03 11:30"), asked=asked)
    assert [(row["lead"], row["rep"], row["channel"], row["overdue"]) for row in rows] == [
        ("crm:2", "crm:bob", "email", True),
        ("crm:1", "crm:ann", "call", True),
    ]
    assert rows[0]["template"] == "summary"
    # her second mail falls due with the call that is overdue, her third call a day later
    assert rows[1]["next_due"] == at("2026-11-04 11:00")
    only = list_open_steps(
        world.workspace, as_of=TUESDAY, asked=Asked(rep_id="crm:ann", running=True)
    )
    assert [(row["lead"], row["step"], row["overdue"]) for row in only] == [("crm:1", 3, False)]


def test_an_ended_hand_off_is_on_nobodys_list(world):
    with world.workspace.ledger.begin() as connection:
        connection.execute(
            update(tables.handoff).values(ended_at=MONDAY + 50 * MINUTE, outcome="returned")
        )
    rows = list_open_steps(world.workspace, as_of=TUESDAY, asked=Asked(running=True))
    assert rows == []
    # before it ended it was on the list
    early = list_open_steps(world.workspace, as_of=MONDAY + 48 * MINUTE, asked=Asked(running=True))
    assert [row["lead"] for row in early] == ["crm:2", "crm:1"]


def test_a_new_owner_begins_anew_on_their_own_calendar(world):
    world.assign("crm:1-mql", "crm:eva", MONDAY + 50 * MINUTE, team="emea")
    rows = list_steps(world.workspace, "crm:1", as_of=TUESDAY)
    mine = [row for row in rows if row["rep"] == "crm:eva"]
    # 10:50 in New York is 16:50 in Berlin
    assert mine[0]["due"] == MONDAY + 60 * MINUTE
    assert mine[2]["due"] == at("2026-11-03 10:50")
    assert {row["became"] for row in rows if row["rep"] == "crm:ann"} == {
        "on_time",
        "late",
        "not_needed",
    }


def test_what_was_done_with_a_lead_that_was_merged_counts_for_the_one_it_became(world):
    world.add_lead("crm:9")
    world.touch("crm:9", "crm:ann", at("2026-11-03 10:00"), outcome="no_answer")
    merge = {"lead_id": "crm:9", "into_lead_id": "crm:1", "merged_at": MONDAY, "undone_at": None}
    world.write(tables.merge, merge)
    rows = list_steps(world.workspace, "crm:9", as_of=TUESDAY)
    assert _became(rows)[2] == ("not_connected", 3, "call", "on_time")
    everybody = follow_cadence(
        world.workspace.ledger, world.workspace.settings.agreement, as_of=TUESDAY
    )
    assert [len(one.attempts) for one in everybody] == [4, 1]


def test_a_later_agreement_does_not_rewrite_the_cadence_of_an_earlier_hand_off(world):
    world.workspace.agreement(MONDAY)  # seen, as every stage does
    path = world.workspace.settings.agreement
    text = path.read_text("utf-8")
    shorter = re.sub(r"(?m)^    - \{channel: call,  within: (9h|17h|41h)\}.*\n", "", text)
    assert shorter != text
    path.write_text(
        shorter.replace("version: ", "version: next-", 1).replace("2026-10-01", "2026-11-04", 1),
        encoding="utf-8",
    )
    late = at("2026-11-04 09:30")
    world.workspace.agreement(late)
    world.add_lead("crm:3")
    world.hand_over("crm:3", "crm:ann", late)
    as_of = at("2026-11-04 10:00")
    assert len(list_steps(world.workspace, "crm:1", as_of=as_of)) == 7
    assert len(list_steps(world.workspace, "crm:3", as_of=as_of)) == 4


def test_before_the_first_agreement_nothing_was_owed_and_attempts_count(world):
    early = at("2026-09-01 10:00")
    world.add_lead("crm:4", created=early)
    world.hand_over("crm:4", "crm:ann", early, origin="observed")
    world.touch("crm:4", None, early + MINUTE)
    assert list_steps(world.workspace, "crm:4", as_of=TUESDAY) == []
    found = summarize_cadence(world.workspace, as_of=TUESDAY, asked=Asked(lead_id="crm:4"))
    assert found["reps"][0]["attempts"] == 1
    assert found["reps"][0]["on_time_share"] is None


def test_a_name_that_nobody_has_is_refused(world):
    for asked in (Asked(rep_id="crm:an"), Asked(team="inbuond"), Asked(lead_id="crm:77")):
        with pytest.raises(InputError, match="there is no"):
            summarize_cadence(world.workspace, as_of=TUESDAY, asked=asked)

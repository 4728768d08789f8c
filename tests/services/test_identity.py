"""Who is who in the ledger: merges, undoing them, what is inferred, one hand-off a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from accord.errors import InputError
from accord.ledger import read_rows, tables
from accord.ledger.company_rows import IDENTITY
from accord.ledger.identity_rows import read_merges_as_of
from accord.ledger.version_rows import read_attributes_then
from accord.services.identity_hand import merge_by_hand, undo_merge
from tests.services.identity_world import HOUR, NOW, Story


@pytest.fixture
def story(workspace) -> Story:
    return Story(workspace)


def ann(number: str, created: str, **values):
    return {"id": number, "created": created, "email": "ann@acme.example", **values}


def test_a_person_in_two_systems_is_one_lead_with_the_newest_of_what_both_say(story):
    story.leads("crm", ann("1", "2026-01-01", title="Buyer", phone="1", channel="referral"))
    story.leads(
        "web",
        ann("9", "2026-03-01", email=" Ann+News@ACME.example", title="CFO", channel="ads"),
    )
    assert story.merged() == {"web:9": "crm:1"}
    kept, part = story.lead("crm:1"), story.lead("web:9")
    assert (kept["title"], kept["phone"], kept["channel"]) == ("CFO", "1", "referral")
    assert (kept["email"], kept["mailbox"]) == ("Ann+News@ACME.example", "ann@acme.example")
    assert kept["created_at"].isoformat() == "2026-01-01T00:00:00+00:00"
    assert (part["title"], part["phone"]) == ("CFO", None)
    assert [row["why"] for row in story.rows("merge")] == ["mailbox"]
    story.tick()
    assert story.broken() == ()


def test_the_same_row_again_is_a_duplicate_although_its_lead_shows_more(story):
    story.leads("crm", ann("1", "2026-01-01", title="Buyer"))
    story.leads("web", ann("9", "2026-03-01", title="CFO"))
    hashed = story.lead("crm:1")["row_hash"]
    story.leads("crm", ann("1", "2026-01-01", title="Buyer"), ann("2", "2026-01-01", email=""))
    assert story.lead("crm:1")["row_hash"] == hashed
    assert story.lead("crm:1")["title"] == "CFO"
    newest = max(story.rows("batch"), key=lambda row: row["taken_at"])  # no store promises an order
    assert newest["duplicates"] == 1


def test_what_a_record_says_later_counts_and_what_it_takes_back_is_gone(story):
    story.leads("crm", ann("1", "2026-01-01", title="Buyer", phone="1"))
    story.leads("web", ann("9", "2026-03-01", title="CFO"))
    story.leads("crm", ann("1", "2026-01-01", title="Head of buying"))
    kept = story.lead("crm:1")
    assert (kept["title"], kept["phone"]) == ("Head of buying", None)
    story.leads("crm", ann("1", "2026-01-01"))
    assert story.lead("crm:1")["title"] == "CFO"


def test_undoing_gives_each_record_what_it_says_for_itself_and_holds_for_ever(story):
    story.leads("crm", ann("1", "2026-01-01", title="Buyer", phone="1"))
    story.leads("web", ann("9", "2026-03-01", title="CFO", employees="500"))
    assert (story.lead("crm:1")["segment"], story.lead("crm:1")["employees"]) == ("middle", 500)
    done = undo_merge(story.workspace, "web:9", as_of=story.at + HOUR)
    assert (done.lead_id, done.into) == ("web:9", "crm:1")
    kept, other = story.lead("crm:1"), story.lead("web:9")
    assert (kept["title"], kept["phone"], other["title"]) == ("Buyer", "1", "CFO")
    assert (kept["employees"], kept["inferred"]) == (500, ["employees"])  # as a colleague's
    story.at += HOUR
    story.leads("web", ann("9", "2026-03-01", title="Boss"))
    assert story.merged() == {}
    story.leads("web", ann("10", "2026-04-01", phone="10"))
    assert story.merged() == {"web:10": "crm:1"}
    assert [row["undone_at"] is None for row in story.rows("merge")].count(False) == 1
    story.tick()
    assert story.broken() == ()


def test_what_was_told_apart_can_be_merged_again_by_hand(story):
    story.leads("crm", ann("1", "2026-01-01"))
    story.leads("web", ann("9", "2026-03-01", title="CFO"))
    undo_merge(story.workspace, "web:9", as_of=story.at + HOUR)
    done = merge_by_hand(story.workspace, "crm:1", "web:9", as_of=story.at + 2 * HOUR)
    assert (done.lead_id, done.into) == ("web:9", "crm:1")
    assert story.merged() == {"web:9": "crm:1"}
    assert story.lead("crm:1")["title"] == "CFO"
    assert sorted(row["why"] for row in story.rows("merge")) == ["hand", "mailbox"]
    assert story.rows("apart") == []


def test_a_merge_by_hand_holds_when_an_older_record_takes_the_person_over(story):
    story.leads("crm", ann("1", "2026-02-01"))
    story.leads("web", ann("9", "2026-03-01", email="ann@home.example", phone="9"))
    merge_by_hand(story.workspace, "web:9", "crm:1", as_of=story.at)
    story.leads("crm", ann("0", "2026-01-01"))
    assert story.merged() == {"crm:1": "crm:0", "web:9": "crm:0"}
    assert story.lead("crm:0")["phone"] == "9"
    assert story.lead("crm:1")["phone"] is None
    whys = {row["lead_id"]: row["why"] for row in story.rows("merge") if not row["undone_at"]}
    assert whys == {"crm:1": "mailbox", "web:9": "joined"}
    story.tick()
    assert story.broken() == ()


def test_a_record_that_gets_another_mailbox_leaves_its_person(story):
    story.leads("crm", ann("1", "2026-01-01", title="Buyer"), ann("2", "2026-02-01", phone="2"))
    assert story.lead("crm:1")["phone"] == "2"
    story.leads("crm", ann("1", "2026-01-01", email="bob@acme.example"))
    assert story.merged() == {}
    assert story.lead("crm:1")["phone"] is None
    assert story.lead("crm:2")["phone"] == "2"


def test_wrong_names_are_one_clear_error(story):
    story.leads("crm", ann("1", "2026-01-01"), ann("2", "2026-02-01"))
    with pytest.raises(InputError, match="lead crm:1: it is part of no other lead"):
        undo_merge(story.workspace, "crm:1", as_of=story.at)
    with pytest.raises(InputError, match="lead crm:7: no such lead"):
        merge_by_hand(story.workspace, "crm:7", "crm:1", as_of=story.at)
    with pytest.raises(InputError, match="lead crm:2: it is part of crm:1 already"):
        merge_by_hand(story.workspace, "crm:2", "crm:1", as_of=story.at)
    with pytest.raises(InputError, match="the same lead twice"):
        merge_by_hand(story.workspace, "crm:1", "crm:1", as_of=story.at)


def at_acme(number: str, created: str, **values):
    return {"id": number, "created": created, "email": f"p{number}@acme.example", **values}


def told(story, lead_id):
    lead = story.lead(lead_id)
    return lead["employees"], lead["country"], lead["inferred"], lead["segment"]


def test_what_a_lead_lacks_is_told_by_the_majority_of_its_company_and_its_segment_follows(story):
    story.leads(
        "crm",
        at_acme("1", "2026-01-03", employees="2000", country="DE"),
        at_acme("2", "2026-01-02", employees="500"),
        at_acme("3", "2026-01-01", employees="500", country="FR"),
        at_acme("4", "2026-01-05"),
        {"id": "5", "created": "2026-01-05", "email": "p5@gmail.com"},
        {"id": "6", "created": "2026-01-05", "email": "p6@gmail.com", "employees": "9"},
    )
    assert told(story, "crm:4") == (500, "FR", ["employees", "country"], "middle")
    assert told(story, "crm:2") == (500, "FR", ["country"], "middle")
    assert told(story, "crm:1") == (2000, "DE", None, "large")
    assert told(story, "crm:5") == (None, None, None, "small")


def test_what_is_inferred_follows_the_company_and_goes_when_nothing_supports_it(story):
    story.leads("crm", at_acme("4", "2026-01-05"))
    assert told(story, "crm:4") == (None, None, None, "small")
    story.leads("crm", at_acme("1", "2026-01-03", employees="2000"))
    assert told(story, "crm:4") == (2000, None, ["employees"], "large")
    story.leads("crm", at_acme("1", "2026-01-03", employees="500"))
    assert told(story, "crm:4") == (500, None, ["employees"], "middle")
    story.leads("crm", at_acme("4", "2026-01-05", employees="7"))
    assert told(story, "crm:4") == (7, None, None, "small")
    story.leads("crm", at_acme("4", "2026-01-05", title="new"))
    assert told(story, "crm:4") == (500, None, ["employees"], "middle")
    story.leads("crm", at_acme("1", "2026-01-03", email="p1@other.example", employees="500"))
    assert told(story, "crm:4") == (None, None, None, "small")


def test_leads_that_follow_their_company_get_work_for_the_stages(story):
    story.leads("crm", at_acme("4", "2026-01-05"))
    story.tick()
    assert [row for row in story.rows("pending") if row["lead_id"] == "crm:4"] == []
    story.leads("crm", at_acme("1", "2026-01-03", employees="2000"))
    needs = {row["need"] for row in story.rows("pending") if row["lead_id"] == "crm:4"}
    assert needs == {"lifecycle", "score"}


def test_what_was_known_at_a_time_can_be_read_again(story):
    story.leads("crm", ann("1", "2026-01-01", title="Buyer"))
    first = story.at
    story.leads(
        "web", ann("9", "2026-03-01", title="CFO"), at_acme("3", "2026-01-01", country="FR")
    )
    second = story.at
    undo_merge(story.workspace, "web:9", as_of=second + HOUR)
    with story.workspace.ledger.read() as connection:
        merges = [read_merges_as_of(connection, at) for at in (first, second, second + HOUR)]
        said = [
            read_attributes_then(connection, ["crm:1"], ("title", "country"), at=at).to_pylist()[0]
            for at in (first, second, second + HOUR)
        ]
        assert not read_attributes_then(connection, ["crm:1"], ("title",), at=NOW).num_rows
        own = tables.lead_version.c
        of_lead = select(own.known_at, own.inferred).where(own.lead_id == "crm:1")
        versions = read_rows(connection, of_lead.order_by(own.known_at))
    assert merges == [{}, {"web:9": "crm:1"}, {}]
    assert [one["title"] for one in said] == ["Buyer", "CFO", "Buyer"]
    assert [one["country"] for one in said] == [None, "FR", "FR"]
    inferred = [
        [one["inferred"] for one in versions if one["known_at"] <= at][-1]
        for at in (first, second, second + HOUR)
    ]
    assert inferred == [None, ["country"], ["country"]]
    made = [row for row in story.rows("lead_version") if row["batch_id"] == IDENTITY]
    assert {row["stage"] for row in made} == {None}


def test_an_activity_that_both_records_report_counts_once(story):
    story.leads("web", ann("1", "2026-01-01"), at_acme("2", "2026-01-01"))
    story.leads("web", ann("9", "2026-03-01"))
    day, later = "2026-11-15T10:00:00Z", "2026-11-15T11:00:00Z"
    story.activities("web", ("a1", "1", "email_clicked", day))
    story.activities("web", ("a1", "9", "email_clicked", day))
    story.activities("web", ("a2", "2", "email_clicked", day))
    story.tick()
    engaged = {row["lead_id"]: row["engagement"] for row in story.rows("score")}
    assert engaged.keys() == {"web:1", "web:2"}
    assert engaged["web:1"] == engaged["web:2"] > 0
    story.activities("web", ("a3", "9", "email_clicked", later))
    story.tick()
    more = {row["lead_id"]: row["engagement"] for row in story.rows("score")}
    assert more["web:1"] > more["web:2"]
    assert story.broken() == ()


def in_sales_hands(story, *leads: str):
    """Hand leads over one after another, to one rep each, an hour apart."""
    for number, lead in enumerate(leads, 1):
        story.reps(f"r{number}")
        story.place()
        story.cross(lead)
        story.hand_off()
        story.at += HOUR


def both(story):
    story.leads("crm", ann("1", "2026-01-01"))
    story.leads("web", {"id": "9", "created": "2026-03-01", "email": "ann@home.example"})


def test_of_two_hand_offs_the_first_assigned_stays_and_the_other_ends_as_merged(story):
    both(story)
    in_sales_hands(story, "crm:1", "web:9")
    merge_by_hand(story.workspace, "web:9", "crm:1", as_of=story.at)
    story.place()
    story.clear_scores()
    assert story.open_handoffs() == [("crm:1", story.handoffs("crm:1")[0]["rep_id"])]
    assert [row["outcome"] for row in story.handoffs("web:9")] == ["merged"]
    running = [row for row in story.rows("clock") if row["ended_at"] is None]
    assert {row["lead_id"] for row in running if row["lead_id"]} == {"crm:1"}
    assert story.broken() == ()


def test_the_rep_who_was_assigned_first_keeps_the_person_under_the_older_id(story):
    both(story)
    in_sales_hands(story, "web:9", "crm:1")
    first = story.handoffs("web:9")[0]["rep_id"]
    assert story.handoffs("crm:1")[0]["rep_id"] != first
    merge_by_hand(story.workspace, "web:9", "crm:1", as_of=story.at)
    story.place()
    story.clear_scores()
    assert story.open_handoffs() == [("crm:1", first)]
    sent = [row["key"] for row in story.rows("outbox") if row["lead_id"] == "crm:1"]
    assert f"handoff:{story.handoffs('crm:1')[0]['handoff_id']}:{first}" in sent
    assert story.broken() == ()


def test_a_person_whose_younger_record_is_in_sales_hands_stays_there(story):
    both(story)
    in_sales_hands(story, "web:9")
    (before,) = story.handoffs("web:9")
    merge_by_hand(story.workspace, "web:9", "crm:1", as_of=story.at)
    story.place()
    story.clear_scores()
    (after,) = story.handoffs("crm:1")
    assert (after["rep_id"], after["assigned_at"]) == (before["rep_id"], before["assigned_at"])
    assert story.open_handoffs() == [("crm:1", before["rep_id"])]
    assert story.lead("crm:1")["current_stage"] == "mql"
    clocks = [row for row in story.rows("clock") if row["lead_id"] == "crm:1"]
    assert {row["started_at"] for row in clocks if row["term"] == "first_touch"} == {
        before["assigned_at"]
    }
    withdrawn = {row["status"] for row in story.rows("outbox") if row["lead_id"] == "web:9"}
    assert withdrawn == {"withdrawn"}
    assert story.broken() == ()
    story.place()
    assert len(story.rows("handoff")) == 2


def test_a_hand_off_that_waits_is_withdrawn_when_its_record_becomes_part_of_another(story):
    both(story)
    story.place()
    story.cross("web:9")
    story.hand_off()
    assert story.open_handoffs() == [("web:9", None)]
    merge_by_hand(story.workspace, "web:9", "crm:1", as_of=story.at)
    story.place()
    story.clear_scores()
    assert story.open_handoffs() == []
    assert story.broken() == ()


def test_after_undoing_what_was_ended_stays_ended_and_the_record_can_qualify_again(story):
    both(story)
    in_sales_hands(story, "crm:1", "web:9")
    merge_by_hand(story.workspace, "web:9", "crm:1", as_of=story.at)
    story.place()
    story.at += HOUR
    undo_merge(story.workspace, "web:9", as_of=story.at)
    story.place()
    story.clear_scores()
    assert [row["outcome"] for row in story.handoffs("web:9")] == ["merged"]
    assert story.lead("web:9")["current_stage"] == "nurture"
    running = [row for row in story.rows("clock") if row["ended_at"] is None]
    assert {row["lead_id"] for row in running if row["lead_id"]} == {"crm:1"}
    assert story.broken() == ()
    story.at += timedelta(days=1)
    story.cross("web:9")
    story.hand_off()
    story.clear_scores()
    assert [row["outcome"] for row in story.handoffs("web:9")] == ["merged", None]
    assert len(story.open_handoffs()) == 2
    assert story.broken() == ()

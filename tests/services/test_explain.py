"""An explanation on real stores: of now, of then, of what would be; and what it says of a lead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import log2
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import select

from accord.errors import InputError
from accord.ledger import insert_rows, read_rows, tables, upsert_rows
from accord.ledger.erase_rows import write_erased
from accord.ledger.stage_rows import append_changes, retract_changes
from accord.lifecycle import StageChange
from accord.records import Origin, Stage, to_text, to_us
from accord.services.explain import Explanation, explain
from accord.services.explain_history import NEWEST
from accord.services.handoff import run_handoff
from accord.services.score import run_score
from accord.services.workspace import Workspace

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)  # Monday, 10:00 in New York
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)

BUYER = {"title": "VP", "industry": "software", "country": "DE"}  # fit 25 + 20 + 10 = 55.0


class World:
    """Puts rows where ingestion would: leads with their versions, activities, merges."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.ledger = workspace.ledger
        self.batches = 0

    def lead(self, name: str, *, known_at: datetime = NOW - 90 * DAY, **attributes: Any) -> None:
        """A lead, or what is stated of it anew."""
        self.batches += 1
        row = {"lead_id": name, "created_at": NOW - 90 * DAY, "known_at": known_at, **attributes}
        origin = {"batch_id": f"b{self.batches}", "row_number": 1}
        with self.ledger.begin() as connection:
            upsert_rows(connection, tables.lead, [{**row, "row_hash": "x", "cycle": 0}])
            insert_rows(connection, tables.lead_version, [{**row, **origin}])
            insert_rows(connection, tables.pending, [{"need": "score", "lead_id": name}])

    def did(self, lead_id: str, kind: str, at: datetime = NOW, *, count: int = 1) -> None:
        self.batches += 1
        rows = {
            "activity_id": [f"web:{self.batches}-{number}" for number in range(count)],
            "lead_id": [lead_id] * count,
            "kind": [kind] * count,
            "occurred_us": [to_us(at)] * count,
        }
        self.workspace.log.append(pa.table(rows), batch_id=f"b{self.batches}", taken_at=at)
        with self.ledger.begin() as connection:
            insert_rows(connection, tables.pending, [{"need": "score", "lead_id": lead_id}])

    def merge(self, lead_id: str, into: str, *, at: datetime) -> None:
        row = {"lead_id": lead_id, "into_lead_id": into, "merged_at": at, "undone_at": None}
        with self.ledger.begin() as connection:
            insert_rows(connection, tables.merge, [row])

    def scored(self, lead_id: str, *rows: tuple[datetime, int]) -> None:
        """Scorings that saw an engagement."""
        fixed = {"lead_id": lead_id, "fit": 0, "intent": 0, "version": "2026.4"}
        self.workspace.agreement(NOW)
        changes = [{**fixed, "scored_at": at, "engagement": tenths} for at, tenths in rows]
        with self.ledger.begin() as connection:
            insert_rows(connection, tables.score_change, changes)

    def agree_anew(self, line: str, other: str) -> None:
        """Put 2026.5 in force from the day after tomorrow, with one line otherwise."""
        changes = {line: other, '"2026.4"': '"2026.5"', "from: 2026-10-01": "from: 2026-11-04"}
        path = self.workspace.settings.agreement
        text = path.read_text(encoding="utf-8")
        for before, after in changes.items():
            assert text.count(before) == 1
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")

    def explain(self, lead_id: str, at: datetime = NOW) -> Explanation:
        return explain(self.workspace, lead_id, as_of=at)

    def story(self, lead_id: str, at: datetime = NOW) -> list[tuple[int, str, str]]:
        """The history as (days from now, what, of)."""
        lines = self.explain(lead_id, at).history
        return [((line.at - NOW) // DAY, line.what, line.of) for line in lines]

    def sent(self) -> list[dict[str, Any]]:
        """What went with every hand-off into the outbox, oldest first."""
        with self.ledger.read() as connection:
            rows = read_rows(connection, select(tables.outbox).order_by(tables.outbox.c.outbox_id))
        return [row["payload"] for row in rows if row["kind"] == "handoff"]


@pytest.fixture
def world(workspace: Workspace) -> World:
    return World(workspace)


def test_an_explanation_adds_up_and_says_what_is_missing(world: World) -> None:
    """Fit 55.0, a price sheet 25.0: mql lacks 15.0 of intent; two pricing pages are the fewest."""
    world.lead("crm:1", **BUYER)
    world.did("crm:1", "pricing_sheet_downloaded")
    run_score(world.workspace, as_of=NOW)
    found = world.explain("crm:1").as_dict()
    assert found["scores"] == {"fit": "55.0", "engagement": "0.0", "intent": "25.0"}
    assert (found["position"], found["shown_by"]) == ("desire", ["pricing_sheet_downloaded"])
    assert (found["holds"], found["falls_at"], found["history"]) == ([], {}, [])
    with world.ledger.read() as connection:
        (stored,) = read_rows(connection, select(tables.score.c.reasons))
    assert found["reasons"] == stored["reasons"]
    assert {"for": "mql", "fit": "0.0", "engagement": "0.0", "intent": "15.0"} in found["missing"]
    assert [way["for"] for way in found["missing"]] == ["engaged", "target", "mql", "mql", "hot"]
    assert found["next"] == {
        "stage": "engaged",
        "missing": {"engagement": "5.0"},
        "ways": [
            {
                "missing": {"engagement": "5.0"},
                "means": [
                    {"score": "engagement", "times": {name: 1}, "points": points}
                    for name, points in (
                        ("webinar_registered", "5.0"),
                        ("white_paper_downloaded", "8.0"),
                        ("form_submitted", "10.0"),
                    )
                ],
            }
        ],
    }


def test_a_kind_at_its_cap_says_what_it_would_have_been_and_the_limit_is_a_line(
    world: World,
) -> None:
    """12 mails are 12.0, capped at 5.0; 2 demos are 140.0, limited to 100.0 by a line of -40.0."""
    world.lead("crm:1")
    world.did("crm:1", "email_opened", count=12)
    world.did("crm:1", "demo_requested", count=2)
    found = world.explain("crm:1").as_dict()
    at = to_text(NOW)
    mails = {"count": 12, "last_at": at, "weight": 12.0, "uncapped": "12.0"}
    assert found["reasons"] == [
        {"score": "engagement", "name": "email_opened", "points": "5.0", **mails},
        {
            "score": "intent",
            "name": "demo_requested",
            "points": "140.0",
            "count": 2,
            "last_at": at,
            "weight": 2.0,
        },
        {"score": "intent", "name": "limit", "points": "-40.0"},
    ]
    assert found["scores"] == {"fit": "0.0", "engagement": "5.0", "intent": "100.0"}


def test_below_at_and_above_a_threshold(world: World) -> None:
    """A page is 1.0, engaged from 5.0; with five it is lost once below 4.95, with six later."""
    wanted = [
        (4, (), "engaged", Decimal("1.0")),
        (5, ("engaged",), "target", Decimal("5.0")),
        (6, ("engaged",), "target", Decimal("4.0")),
    ]
    for pages, holds, following, missing in wanted:
        name = f"crm:{pages}"
        world.lead(name, **BUYER)
        world.did(name, "page_viewed", count=pages)
        found = world.explain(name)
        assert (found.holds, found.next.stage) == (holds, following)
        assert found.next.ways[0].missing == {"engagement": missing}
        days = {name: (at - NOW) / DAY for name, at in found.falls_at.items()}
        assert days == {one: pytest.approx(30 * log2(pages / 4.95), abs=1e-5) for one in holds}


def test_what_is_said_to_fall_falls_at_that_instant(world: World) -> None:
    """Explained a microsecond before the instant, the lead still holds it; at it, no more."""
    world.lead("crm:1", **BUYER)
    world.did("crm:1", "demo_requested", NOW - 3 * DAY)
    world.did("crm:1", "form_submitted", NOW - DAY)
    found = world.explain("crm:1")
    assert list(found.falls_at) == ["engaged", "mql", "hot"]
    assert found.as_dict()["next"] is None  # the last one holds
    for name, at in found.falls_at.items():
        assert name in world.explain("crm:1", at - MICROSECOND).holds
        assert name not in world.explain("crm:1", at).holds


def test_a_later_instant_shows_what_would_be(world: World) -> None:
    """A demo halves in 14 days: 70.0 is 35.0. Nothing is stored."""
    world.lead("crm:1")
    world.did("crm:1", "demo_requested")
    assert world.explain("crm:1", NOW + 14 * DAY).scores["intent"] == Decimal("35.0")
    assert world.explain("crm:1", NOW - DAY).scores["intent"] == 0
    with world.ledger.read() as connection:
        assert read_rows(connection, select(tables.score)) == []


def test_a_past_instant_is_explained_by_what_was_known_then(world: World) -> None:
    """A student (-30.0, shown 0.0) until she is said to be a VP five days ago: 25.0."""
    world.lead("crm:1", title="student")
    world.lead("crm:1", title="VP", known_at=NOW - 5 * DAY)
    before = world.explain("crm:1", NOW - 5 * DAY - MICROSECOND)
    assert [(line["name"], line["points"]) for line in before.reasons] == [
        ("student", "-30.0"),
        ("limit", "30.0"),
    ]
    after = world.explain("crm:1", NOW - 5 * DAY)
    assert [(line["name"], line["points"]) for line in after.reasons] == [
        ("decision maker", "25.0")
    ]


def test_a_merged_lead_is_explained_by_the_lead_it_counted_for_then(world: World) -> None:
    world.lead("crm:1", **BUYER)
    world.lead("web:1")
    world.did("web:1", "demo_requested", NOW - 2 * DAY)
    world.merge("web:1", "crm:1", at=NOW - DAY)
    before = world.explain("web:1", NOW - 2 * DAY)
    assert (before.lead_id, before.as_dict()["merged_into"]) == ("web:1", None)
    assert (before.scores["fit"], before.scores["intent"]) == (0, Decimal("70.0"))
    now = world.explain("web:1")
    assert (now.asked, now.lead_id) == ("web:1", "crm:1")
    assert now.as_dict()["merged_into"] == "crm:1"
    assert (now.scores, now.reasons) == (
        world.explain("crm:1").scores,
        world.explain("crm:1").reasons,
    )
    assert now.scores["fit"] == Decimal("55.0")
    assert now.holds == ("mql", "hot")


def test_a_lead_that_did_nothing_is_explained(world: World) -> None:
    world.lead("crm:1")
    found = world.explain("crm:1")
    assert set(found.scores.values()) == {0}
    assert (found.position, found.shown_by, found.stage, found.reasons) == (None, (), None, ())
    assert (found.holds, dict(found.falls_at), found.history) == ((), {}, ())
    assert found.next.stage == "engaged"


def test_thresholds_reached_and_lost_are_told_with_the_scores_then(world: World) -> None:
    """Fit 55.0. A demo: mql and hot. 30 days later 70 x 0.5^(30/14) = 15.85: lost. Another: again.

    Mql is entered by the hand-off that follows the first scoring, at the same instant.
    """
    world.lead("crm:1", **BUYER)
    world.did("crm:1", "demo_requested")
    run_score(world.workspace, as_of=NOW)
    run_handoff(world.workspace, as_of=NOW)
    run_score(world.workspace, as_of=NOW + 30 * DAY, full=True)
    world.did("crm:1", "demo_requested", NOW + 40 * DAY)
    run_score(world.workspace, as_of=NOW + 40 * DAY)
    story = world.story("crm:1", NOW + 40 * DAY)
    first = [(0, "reached", "mql"), (0, "reached", "hot")]
    moved = [line for line in story if line[1] == "moved"]
    assert moved[-1] == (0, "moved", "mql")
    assert story == [
        *first,
        *moved,
        (30, "lost", "mql"),
        (30, "lost", "hot"),
        (40, "reached again", "mql"),
        (40, "reached again", "hot"),
    ]
    assert world.story("crm:1", NOW + 30 * DAY - MICROSECOND) == [*first, *moved]
    found = world.explain("crm:1", NOW + 40 * DAY)
    assert found.stage == "mql"
    lost = next(line for line in found.history if line.what == "lost").as_dict()
    assert lost == {
        "at": to_text(NOW + 30 * DAY),
        "what": "lost",
        "of": "mql",
        "fit": "55.0",
        "engagement": "0.0",
        "intent": "15.9",
        "agreement": "2026.4",
    }


def test_a_threshold_reached_by_an_agreement_alone_is_told_with_that_agreement(
    world: World,
) -> None:
    """Fit 55.0 and nothing done: no mql until the line is fit >= 50; no number has changed."""
    world.lead("crm:1", **BUYER)
    run_score(world.workspace, as_of=NOW)
    world.agree_anew("{any: [{fit: {gte: 40}, engagement: {gte: 30}},", "{any: [{fit: {gte: 50}},")
    at = NOW + 3 * DAY
    result = run_score(world.workspace, as_of=at, full=True)
    assert (result.changed, result.crossed) == (1, 1)
    (told,) = world.explain("crm:1", at).history
    assert (told.at, told.what, told.of, told.version) == (at, "reached", "mql", "2026.5")


def test_a_past_threshold_is_judged_by_the_agreement_of_then(world: World) -> None:
    """4.0 of engagement: below 5 under 2026.4; when 2026.5 asks for 3, its scoring reaches it."""
    world.lead("crm:1")
    world.scored("crm:1", (NOW, 40))
    world.agree_anew("engaged: {engagement: {gte: 5}}", "engaged: {engagement: {gte: 3}}")
    world.workspace.agreement(NOW + 5 * DAY)
    with world.ledger.begin() as connection:
        row = {"lead_id": "crm:1", "scored_at": NOW + 5 * DAY, "version": "2026.5"}
        row |= {"fit": 0, "engagement": 39, "intent": 0}
        insert_rows(connection, tables.score_change, [row])
    assert world.story("crm:1") == []
    (line,) = world.explain("crm:1", NOW + 5 * DAY).history
    assert (line.what, line.of, line.version) == ("reached", "engaged", "2026.5")


def test_a_move_taken_back_later_still_stood_then(world: World) -> None:
    world.lead("crm:1")
    move = StageChange(
        lead_id="crm:1",
        from_stage=None,
        to_stage=Stage.ENGAGED,
        cycle=0,
        occurred_at=NOW,
        position=0,
        origin=Origin.OBSERVED,
        cause="lead:crm:1",
    )
    with world.ledger.begin() as connection:
        append_changes(connection, [move], known_at=NOW)
        retract_changes(connection, [move], known_at=NOW + DAY)
    assert world.story("crm:1") == [(0, "moved", "engaged")]
    assert world.explain("crm:1").stage == "engaged"
    assert world.story("crm:1", NOW + DAY) == []


def test_of_a_long_history_the_newest_lines_are_told_newest_last(world: World) -> None:
    """Engagement goes from 0.0 to 5.0 and back, day by day: each day one line."""
    world.lead("crm:1")
    days = NEWEST + 11
    world.scored("crm:1", *((NOW - (days - n) * DAY, 50 * (n % 2)) for n in range(days)))
    story = world.story("crm:1")
    assert len(story) == NEWEST
    assert [line[0] for line in story] == sorted(line[0] for line in story)
    last = "lost" if (days - 1) % 2 == 0 else "reached again"
    assert story[-1] == (-1, last, "engaged")


def test_what_goes_with_the_hand_off_is_what_is_explained_and_stays(world: World) -> None:
    """The payload has the five weightiest reasons of the scores it was handed over with."""
    with world.ledger.begin() as connection:
        rep = {"rep_id": "crm:ann", "role": "sdr", "team": "inbound", "row_hash": "x"}
        insert_rows(connection, tables.rep, [{**rep, "known_at": NOW}])
    world.lead("crm:1", **{**BUYER, "country": "US"}, segment="small")
    world.did("crm:1", "email_opened", count=12)
    world.did("crm:1", "demo_requested")
    world.did("crm:1", "page_viewed")
    run_score(world.workspace, as_of=NOW)
    run_handoff(world.workspace, as_of=NOW)
    found = world.explain("crm:1")
    (sent,) = world.sent()
    assert sent["position"] == found.position == "action"
    assert sent["scores"] == {name: str(points) for name, points in found.scores.items()}
    assert [(one["name"], one["points"]) for one in sent["reasons"]] == [
        ("demo_requested", "70.0"),
        ("decision maker", "25.0"),
        ("home industry", "20.0"),
        ("served country", "10.0"),
        ("email_opened", "5.0"),
    ]
    assert all(one in found.reasons for one in sent["reasons"])
    assert sent["reasons"][-1]["uncapped"] == "12.0"
    run_score(world.workspace, as_of=NOW + 9 * DAY, full=True)
    run_handoff(world.workspace, as_of=NOW + 9 * DAY)
    assert world.sent() == [sent]


def test_an_unknown_lead_is_one_clear_error(world: World) -> None:
    with pytest.raises(InputError, match="crm:404: no lead of this id is known"):
        world.explain("crm:404")


def test_a_lead_that_became_known_later_says_since_when(world: World) -> None:
    world.lead("crm:1", known_at=NOW)
    with pytest.raises(InputError, match=r"not known yet at .*from 2026-11-02T15:00:00Z on"):
        world.explain("crm:1", NOW - MICROSECOND)
    assert world.explain("crm:1", NOW).lead_id == "crm:1"


def test_an_erased_lead_says_that_it_was_erased(world: World) -> None:
    world.lead("crm:1")
    with world.ledger.begin() as connection:
        certificate = {"certificate_id": "e1", "digests": {}, "at": NOW, "why": "request"}
        write_erased(connection, ["crm:1"], **certificate)
    with pytest.raises(InputError, match="crm:1: was erased"):
        world.explain("crm:1")

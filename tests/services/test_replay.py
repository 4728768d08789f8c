"""What was once computed is computed again, whatever has happened to the records since.

One company a store lives through all that :mod:`tests.services.replay_world` can do to it; what was
stored on the way, and what is computed of it later, is asked about afterwards.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from accord.agreement import Agreement, loads
from accord.ledger import insert_rows, tables
from accord.records import to_us
from accord.services.replay import read_then
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.conftest import ROOT
from tests.services.identity_world import HOUR
from tests.services.replay_world import (
    BEGIN,
    DAY,
    LATER,
    MONTH_END,
    Company,
    Told,
    other_terms,
    told,
)

US = timedelta(microseconds=1)


def again(workspace: Workspace, as_of: datetime, **asked) -> dict[str, Told]:
    """Compute the scores as of an instant again, with their reasons."""
    return told(read_then(workspace, as_of=as_of, **asked).scored())


class Past:
    """A company that has lived on: what was replayed of its month's end, when what happened."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.company = Company(workspace)
        self.company.live_for_a_month()
        self.replayed = {"nothing": self.again(MONTH_END)}
        self.at = {"nothing": self.company.at}
        for happens in LATER:
            happens(self.company)
            self.replayed[happens.__name__] = self.again(MONTH_END)
            self.at[happens.__name__] = self.company.at
        self.foretold = self.again(self.company.at + 9 * DAY)
        self.company.at += 9 * DAY - HOUR
        self.company.score()

    def again(self, as_of: datetime, **asked) -> dict[str, Told]:
        return again(self.workspace, as_of, **asked)

    def stored_at(self, at: datetime) -> dict[str, Told]:
        """Return what was stored of everybody who is not erased."""
        was = self.company.stored_at[at]
        return {lead_id: score for lead_id, score in was.items() if lead_id != "crm:4"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def past(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    folder = tmp_path_factory.mktemp("past")
    with contextlib.ExitStack() as until_the_end:
        url = f"sqlite:///{folder / 'home' / 'ledger.db'}"
        if request.param == "postgresql":
            databases = request.getfixturevalue("databases")
            url = until_the_end.enter_context(databases.ledger())
        opened = Workspace.open(_settings(folder, url))
        yield Past(opened)
        opened.close()


def _settings(folder: Path, url: str) -> Settings:
    agreement = folder / "agreement.yaml"
    shutil.copy(ROOT / "agreement.yaml", agreement)
    return Settings(
        home=folder / "home",
        database_url=url,
        agreement=agreement,
        sources=folder / "sources.yaml",
        _env_file=None,
    )


def test_a_score_of_last_month_is_the_same_whatever_has_happened_since(past: Past) -> None:
    """To the tenth and to the reason, after each of the things that happen and after all of them.

    Lead 1: 25 + 20 + 20 + 10 = 75.0 (CFO, software, 500 people, US); the middle two are told of
    lead 2 by its company. Head of sales, US, in talks: 40.0. Student in a private mailbox:
    10 - 30 - 15, limited to 0.0. A demo of 14 days and 9 hours: 70 x 0.5^(14.375 / 14) = 34.4.
    """
    was = past.company.stored_at[MONTH_END]
    fit = {lead_id: numbers[0] for lead_id, numbers in was.items()}
    others = {"crm:3": 400, "crm:4": 550, "crm:5": 300, "web:9": 0}
    assert fit == {"crm:1": 750, "crm:2": 500, **others}
    assert was["crm:1"][2] == 344
    erased = list(past.replayed).index("erase_somebody")
    for place, (name, replayed) in enumerate(past.replayed.items()):
        assert replayed == (was if place < erased else past.stored_at(MONTH_END)), name
    latest = past.company.stored()
    left = past.stored_at(MONTH_END)
    assert all(latest.get(lead_id) != numbers for lead_id, numbers in left.items())


def test_every_scoring_is_replayed_as_it_was_stored(past: Past) -> None:
    """Before the cut from the log, after it from the stored rollup and its tail; some, or all."""
    cut = past.workspace.log.cut
    assert cut is not None
    told_of = {True: 0, False: 0}
    for at in past.company.stored_at:
        was = past.stored_at(at)
        assert past.again(at) == was, at
        some = sorted(was)[::2]
        assert past.again(at, lead_ids=some) == {one: was[one] for one in some}, at
        told_of[max(cut.occurred_us, cut.taken_us) <= to_us(at)] += 1
    assert min(told_of.values()) > 1


def test_the_table_has_the_numbers_of_the_scores_sorted_by_lead(past: Past) -> None:
    names = ("fit", "engagement", "intent", "position")
    for at in (MONTH_END, past.company.at):
        rows = read_then(past.workspace, as_of=at).table().to_pylist()
        flat = {row["lead_id"]: tuple(row[name] for name in names) for row in rows}
        assert flat == {lead_id: one[:4] for lead_id, one in past.again(at).items()}
        held = {row["lead_id"]: {name for name in ("mql", "hot") if row[name]} for row in rows}
        assert held == {one: {"mql", "hot"} & set(was[4]) for one, was in past.again(at).items()}
        assert list(flat) == sorted(flat)


def test_an_instant_to_come_is_answered_from_what_is_known_now(past: Past) -> None:
    """Nine days before its scores were stored, by activities that no scoring had seen."""
    assert past.foretold == past.company.stored()
    assert past.foretold["crm:1"] != past.replayed["tidy_the_log"]["crm:1"]


def test_late_data_counts_where_the_asked_position_is_later(past: Past) -> None:
    """A price list got on the 12th was told of later.

    Of the page of prices there are 10 x 0.5^(6.4583 / 14) = 7.3 at the month's end, to which the
    list adds 25 x 0.5^(4.7917 / 14) = 19.7.
    """
    told_at = past.at["bring_late_activities"]
    shown = [
        past.again(MONTH_END, known_at=at, lead_ids=["crm:2"])["crm:2"][2]
        for at in (MONTH_END, told_at - US, told_at)
    ]
    assert shown == [73, 73, 73 + 197]


def test_what_was_known_at_an_earlier_position_can_be_asked_for(past: Past) -> None:
    assert past.again(MONTH_END, known_at=BEGIN) == {}
    first = past.again(MONTH_END, known_at=BEGIN + HOUR)
    assert set(first) == {f"crm:{one}" for one in (1, 2, 3, 5)}
    assert first["crm:1"][:3] == (750, 0, 0)


def test_of_an_instant_at_which_something_was_told_it_counts(past: Past) -> None:
    changed, merged = past.at["change_attributes"], past.at["merge_two"]
    assert [past.again(at)["crm:1"][0] for at in (changed - US, changed)] == [750, 0]
    assert ["web:9" in past.again(at) for at in (merged - US, merged)] == [True, False]


def test_a_lead_that_was_not_known_then_or_is_erased_has_no_score_then(past: Past) -> None:
    asked = ["crm:1", "crm:4", "crm:7", "crm:404"]
    assert set(past.again(MONTH_END, lead_ids=asked)) == {"crm:1"}
    assert set(past.again(past.company.at, lead_ids=asked)) == {"crm:1", "crm:7"}
    assert past.again(MONTH_END, lead_ids=[]) == {}


def test_a_merged_lead_is_answered_by_the_one_that_it_counted_for_then(past: Past) -> None:
    between = past.at["change_attributes"]
    for asked, then in (
        ("web:9", ("web:9", "crm:3", "web:9")),
        ("web:5", ("crm:5", "web:5", "web:5")),
    ):
        for at, lead_id in zip((MONTH_END, between, past.company.at), then, strict=True):
            assert set(past.again(at, lead_ids=[asked])) == {lead_id}


def test_another_agreement_can_be_named(past: Past) -> None:
    """A demo is worth 70 and fades in 14 days as agreed, 33 in 3 days in the other one."""
    other = loads(other_terms(_shipped(), "2027.1", effective_from="2027-01-01"))
    shown = past.again(MONTH_END, agreement=other, lead_ids=["crm:1"])["crm:1"][2]
    assert shown == int(330 * 0.5 ** (14.375 / 3) + 0.5)


def _shipped() -> str:
    return (ROOT / "agreement.yaml").read_text(encoding="utf-8")


def test_the_agreement_of_then_is_the_one_in_force_of_those_that_were_there(past: Past) -> None:
    """The one that came later, and says that it was in force before, never was."""
    asked = {at: _terms(past.workspace, at).version for at in past.company.stored_at}
    begins = datetime.fromisoformat("2026-11-17T05:00:00+00:00")
    changed = past.at["agree_otherwise"]
    assert begins < changed
    assert asked == {at: "2026.5" if at >= changed else "2026.4" for at in asked}


def _terms(workspace: Workspace, as_of: datetime) -> Agreement:
    return read_then(workspace, as_of=as_of, lead_ids=[]).agreement


def test_a_later_content_of_a_version_is_not_that_of_then(workspace: Workspace) -> None:
    """And a file that no stage has seen counts from when it was changed, which is just now."""
    path = workspace.settings.agreement
    first = workspace.agreement(BEGIN)
    path.write_text(other_terms(_shipped(), first.version, effective_from="2026-10-01"))
    for _ in range(2):
        assert _terms(workspace, BEGIN + HOUR).fingerprint == first.fingerprint
        later = workspace.agreement(BEGIN + DAY)
        assert later.fingerprint != first.fingerprint
        assert _terms(workspace, BEGIN + DAY).fingerprint == later.fingerprint


def test_before_an_agreement_had_been_seen_its_own_date_decides(workspace: Workspace) -> None:
    assert _terms(workspace, BEGIN - 30 * DAY).version == "2026.4"
    with workspace.ledger.read() as connection:
        assert connection.execute(tables.agreement.select()).all() == []


def test_leads_that_have_no_versions_are_as_they_stand_now(workspace: Workspace) -> None:
    """As in a ledger that was filled before versions were kept."""
    fixed = {"created_at": BEGIN - DAY, "row_hash": "x", "cycle": 0, "title": "CFO"}
    known = {"crm:1": BEGIN, "crm:2": BEGIN + HOUR}
    rows = [{"lead_id": one, "known_at": at, **fixed} for one, at in known.items()]
    with workspace.ledger.begin() as connection:
        insert_rows(connection, tables.lead, rows)
    for asked in (None, ["crm:1", "crm:2"]):
        found = again(workspace, BEGIN, lead_ids=asked)
        assert {one: numbers[0] for one, numbers in found.items()} == {"crm:1": 250}

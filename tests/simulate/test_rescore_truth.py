"""What a rescoring says of past leads, held to a company of which the truth is known.

Everybody who came in two weeks is handed to an executive, whatever any score says: so outcomes are
not the choice of an agreement, and every lead may show what it is. Of one lead in four a source
then says how it ended; the others were returned, or nobody came back to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest

from accord.agreement import Agreement, load
from accord.evaluation import Comparison, Evaluation
from accord.records import to_us
from accord.scoring import qualifies, score_lead
from accord.services.ingest import run_ingest
from accord.services.rescore import run_rescore
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from accord.simulate import Expected, Truth, read_truth
from accord.simulate.words import PRIVATE_MAILBOXES
from tests.simulate.conftest import ROOT, START, World

HANDED = START + timedelta(days=14, hours=10)  # a Monday, ten o'clock
AS_OF = (START + timedelta(days=45)).astimezone(UTC)

BAD = (
    ('version: "2026.4"', 'version: "bad"'),
    ("points: 25}\n      - {name: manager", "points: -25}\n      - {name: manager"),
    ("points: -30}", "points: 30}"),
    ("points: -15}", "points: 15}"),
    ("points: 70, shows: action", "points: -70, shows: action"),
    ("points: 45, shows: desire", "points: -45, shows: desire"),
    ("points: 25, cap: 50", "points: -25, cap: 50"),
    ("points: 10, cap: 30", "points: -10, cap: 30"),
    ("mql:     {any: [{fit: {gte: 40}, engagement: {gte: 30}}, ", "mql: {fit: {lt: 20}, any: ["),
    ("{fit: {gte: 30}, intent: {gte: 40}}]}", "{engagement: {gte: 1}}]}"),
)
"""Whoever fits badly and has opened a mail; who asks for prices, a trial or a demo loses points."""


@dataclass(frozen=True, slots=True)
class Told:
    """Counts over leads of known outcome, worked out in plain Python."""

    winners: int
    non_buyers: int
    caught: int
    wasted: int
    deciles: list[tuple[int, int]]


class Files:
    """The company's files as anybody can read them, without the rows that are dirty on purpose.

    A person's second record counts for the first, as the truth file says who is who; industry and
    employees that a lead does not state are its colleagues'.
    """

    def __init__(self, world: World, truth: Truth) -> None:
        self.world = world
        self.known: dict[tuple[str, str], tuple[Any, ...]] = {}
        self.same_as = {one.lead_id: one.same_as for one in truth.leads.values() if one.same_as}
        self.dirty = {
            (one.file, one.row) for one in truth.dirty if one.expected is Expected.QUARANTINED
        }

    def rows(self, kind: str) -> Iterator[Mapping[str, Any]]:
        for path in sorted((self.world.folder / "inbox").glob(f"{kind}-*")):
            for number, row in enumerate(self.world.rows(path.name), 1):
                if (path.name, number) not in self.dirty:
                    yield row

    @cached_property
    def leads(self) -> dict[str, dict[str, Any]]:
        stated = {row["id"]: _attributes(row) for row in self.rows("leads")}
        own = {lead_id: lead for lead_id, lead in stated.items() if lead_id not in self.same_as}
        by_domain = {
            lead["domain"]: lead for lead in own.values() if lead["domain"] and lead["industry"]
        }
        for lead in own.values():
            colleague = by_domain.get(lead["domain"])
            if colleague is not None and lead["industry"] is None:
                lead["industry"], lead["employees"] = (
                    colleague["industry"],
                    colleague["employees"],
                )
        return own

    def root(self, lead_id: str) -> str:
        return self.same_as.get(lead_id, lead_id)

    @cached_property
    def did(self) -> dict[str, list[tuple[str, datetime]]]:
        once = {row["id"]: row for row in self.rows("activities")}
        ordered = sorted(once.values(), key=lambda row: self.root(row["lead"]))
        return {
            lead_id: [(row["kind"], datetime.fromisoformat(row["at"])) for row in rows]
            for lead_id, rows in groupby(ordered, key=lambda row: self.root(row["lead"]))
        }

    @cached_property
    def ends(self) -> dict[str, tuple[bool, datetime]]:
        """Whether each lead of known outcome was won, and when that was so."""
        deals = {row["id"]: row for row in self.rows("opportunities")}
        closed = [row for row in deals.values() if row["closed_at"]]
        still_open = {self.root(row["lead"]) for row in deals.values() if not row["closed_at"]}
        said = [
            (self.root(row["lead"]), row["stage"], _instant(row["closed_at"])) for row in closed
        ]
        said += [
            (self.root(row["lead"]), "disqualified", _instant(row["at"]))
            for row in self.rows("decisions")
            if row["decision"] == "disqualify"
        ]
        found: dict[str, tuple[bool, datetime]] = {}
        for lead_id in {lead_id for lead_id, *_ in said} & self.leads.keys():
            own = [(stage, at) for lead, stage, at in said if lead == lead_id]
            won = [at for stage, at in own if stage == "Won"]
            if won or lead_id not in still_open:
                refused = [at for stage, at in own if stage == "disqualified"]
                last = max(at for _, at in own)
                found[lead_id] = (bool(won), min(won, default=min(refused, default=last)))
        return found

    def best(self, lead_id: str, agreement: Agreement, *, before: datetime) -> tuple[Any, ...]:
        """As below, worked out once."""
        key = (lead_id, agreement.version)
        if key not in self.known:
            self.known[key] = self._best(lead_id, agreement, before=before)
        return self.known[key]

    def _best(self, lead_id: str, agreement: Agreement, *, before: datetime) -> tuple[Any, ...]:
        """Whether the lead was ever an mql before an instant; then hot, intent, engagement, fit."""
        lead, did = self.leads[lead_id], self.did.get(lead_id, [])
        plain = [(kind, to_us(at)) for kind, at in did]
        moments = {lead["created"], *(at for _, at in did if at > lead["created"])}
        fit = score_lead(lead, (), agreement, as_of=before).fit  # it is the same at all of them
        held, best = False, (False, 0, 0, 0)
        for at in moments:
            if at < before:
                one = score_lead({}, plain, agreement, as_of=at)
                holds = qualifies(agreement, fit=fit, engagement=one.engagement, intent=one.intent)
                held = held or "mql" in holds
                best = max(best, ("hot" in holds, one.intent, one.engagement, fit))
        return held, best

    def told(self, agreement: Agreement) -> Told:
        won = {lead_id: is_won for lead_id, (is_won, _) in self.ends.items()}
        judged = {
            lead_id: self.best(lead_id, agreement, before=end)
            for lead_id, (_, end) in self.ends.items()
        }
        order = sorted(won, key=lambda one: ([-number for number in judged[one][1]], one))
        edges = [len(order) * number // 10 for number in range(11)]
        parts = [order[start:end] for start, end in pairwise(edges)]
        sent = [won[lead_id] for lead_id, (held, _) in judged.items() if held]
        return Told(
            winners=sum(won.values()),
            non_buyers=len(won) - sum(won.values()),
            caught=sum(sent),
            wasted=len(sent) - sum(sent),
            deciles=[(len(part), sum(won[one] for one in part)) for part in parts],
        )


def _attributes(row: Mapping[str, str]) -> dict[str, Any]:
    given = {name: text or None for name, text in row.items()}
    mailbox = row["mail"].casefold().partition("@")[2]
    return {
        "domain": "" if mailbox in PRIVATE_MAILBOXES else mailbox,
        "created": datetime.fromisoformat(row["created"]).replace(tzinfo=START.tzinfo),
        "title": given["job_title"],
        "email": given["mail"],
        "industry": given["industry"],
        "country": given["country"],
        "employees": int(row["employees"]) if row["employees"] else None,
        "budget": Decimal(row["budget"]) if row["budget"] else None,
        "authority": row["decides"] == "yes" if row["decides"] else None,
        "need": given["need"],
        "timeline_days": int(row["days_to_decide"]) if row["days_to_decide"] else None,
    }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Company:
    """A world that handed everybody over, taken by the system, and two agreements beside it."""

    def __init__(self, folder: Path) -> None:
        world = World(folder, seed=7, size=1800)
        world.step(days=14)
        world.step(days=14, hours=10)
        handed = sorted({row["id"] for row in world.rows("leads") if row["id"]})
        for number, lead_id in enumerate(handed):
            world.hand_off(lead_id, f"CLO-{number % 3 + 1}", HANDED, stage="sql")
        world.company.answer(AS_OF)
        self.truth = read_truth(folder)
        self.files = Files(world, self.truth)
        self.shipped = load(ROOT / "agreement.yaml")
        self.bad = load(self._bad(folder))
        self.found = self._rescore(folder)

    def _bad(self, folder: Path) -> Path:
        text = (ROOT / "agreement.yaml").read_text(encoding="utf-8")
        for old, new in BAD:
            assert text.count(old) == 1
            text = text.replace(old, new)
        path = folder / "bad.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def _rescore(self, folder: Path) -> Comparison:
        settings = Settings(
            home=folder / ".accord",
            agreement=ROOT / "agreement.yaml",
            sources=folder / "sources.yaml",
            _env_file=None,
        )
        workspace = Workspace.open(settings)
        run_ingest(workspace, as_of=AS_OF)
        found = run_rescore(workspace, as_of=AS_OF, candidate=folder / "bad.yaml")
        workspace.close()
        return found

    def sides(self) -> Iterator[tuple[Evaluation, Agreement]]:
        yield self.found.past["now"], self.shipped
        yield self.found.past["then"], self.bad

    def was_sent(self, lead_id: str, agreement: Agreement) -> bool:
        """Whether the lead was an mql before its end, or before now where none is known."""
        _, before = self.files.ends.get(lead_id, (False, AS_OF))
        return self.files.best(lead_id, agreement, before=before)[0]

    def against_truth(self, agreement: Agreement) -> tuple[int, int, int, int]:
        """Of the leads of known outcome: buyers sent, sent, buyers, and all."""
        leads = self.files.ends.keys()
        sent = {lead_id for lead_id in leads if self.was_sent(lead_id, agreement)}
        buys = {lead_id for lead_id in leads if self.truth.leads[lead_id].would_buy}
        return len(sent & buys), len(sent), len(buys), len(leads)

    def share_sent(self, agreement: Agreement, *, buyers: bool) -> Decimal:
        """The share sent of all who would buy, or of every fifth of those who would not."""
        leads = sorted(
            lead_id for lead_id in self.files.leads if self.truth.leads[lead_id].would_buy is buyers
        )
        asked = leads if buyers else leads[::5]
        return shown(sum(self.was_sent(one, agreement) for one in asked), len(asked))


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return Company(tmp_path_factory.mktemp("truth"))


def shown(count: int, of: int) -> Decimal:
    return (Decimal(count) / of).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def test_precision_recall_and_lift_are_those_of_the_files(company: Company) -> None:
    """Equal to the lead: the plain rule at each activity, outcomes read straight from the files."""
    for found, agreement in company.sides():
        told = company.files.told(agreement)
        sent, leads = told.caught + told.wasted, told.winners + told.non_buyers
        assert told.winners >= 20
        assert (found.winners, found.non_buyers) == (told.winners, told.non_buyers)
        assert found.recall.value == shown(told.caught, told.winners)
        assert found.precision.value == shown(told.caught, sent)
        assert found.wasted.value == shown(told.wasted, told.non_buyers)
        assert found.lift.value == shown(told.caught * leads, sent * told.winners)
        assert [(one.leads, one.winners) for one in found.deciles] == told.deciles


def test_of_the_same_leads_recall_and_lift_of_the_truth_lie_in_the_intervals(
    company: Company,
) -> None:
    """Sales loses buyers whether or not a score had sent them: recall and lift do not feel it.

    Precision does: were no buyer lost, it would be that of the truth, which is higher.
    """
    for found, agreement in company.sides():
        buyers_sent, sent, buyers, leads = company.against_truth(agreement)
        assert found.recall.low <= shown(buyers_sent, buyers) <= found.recall.high
        assert found.lift.low <= shown(buyers_sent * leads, sent * buyers) <= found.lift.high
    buyers_sent, sent, *_ = company.against_truth(company.shipped)
    assert company.found.past["now"].precision.value < shown(buyers_sent, sent)


def test_the_bad_agreement_is_clearly_worse_by_the_rescoring_and_by_the_truth(
    company: Company,
) -> None:
    good, bad = company.found.past["now"], company.found.past["then"]
    for name in ("recall", "precision", "lift"):
        assert getattr(bad, name).high < getattr(good, name).low
    assert bad.lift.low < 1 < good.lift.low
    assert good.deciles[0].lift > 2 * bad.deciles[0].lift


def test_whom_nobody_judged_each_agreement_would_have_sent_as_it_did_the_others(
    company: Company,
) -> None:
    """Truth knows of everybody: the share of all buyers sent lies in the interval of the recall.

    Of those who would never buy the bad agreement sends more than twice as many.
    """
    for found, agreement in company.sides():
        share = company.share_sent(agreement, buyers=True)
        assert found.recall.low <= share <= found.recall.high
    wasted = company.share_sent(company.shipped, buyers=False)
    assert company.share_sent(company.bad, buyers=False) > 2 * wasted

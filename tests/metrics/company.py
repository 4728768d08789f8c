"""A company's ledger, made by hand: a few weeks of leads, hand-overs, clocks, deals and spend.

Deterministic by seed. It writes the ledger's rows directly, so that metrics and report are tested
apart from the stages that write them. Some names are hostile on purpose.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Table

from accord.calendars import Calendar
from accord.ledger import Ledger, insert_rows, tables

FIRST = datetime(2026, 10, 12, 4, tzinfo=UTC)  # Monday 00:00 in New York
AS_OF = datetime(2026, 11, 13, 21, 30, tzinfo=UTC)  # Friday of 2026-W46
HOSTILE = "<script>alert('x')</script>"
FORMULA = '=HYPERLINK("x")'

CHANNELS = {
    "paid_search": 5,
    "organic_search": 6,
    "email": 3,
    "social": 3,
    "referral": 2,
    "display": 1,
    HOSTILE: 0.3,
    None: 0.5,
}
SEGMENTS = {"small": 60, "middle": 28, "large": 12}
REPS = (
    ("crm:ada", "Ada Okafor", "sdr", "inbound", 30),
    ("crm:ben", "Ben Lindqvist", "sdr", "inbound", 30),
    ("crm:cho", "Cho Min-ji", "sdr", "inbound", 20),
    ("crm:dee", HOSTILE, "sdr", "enterprise", 30),
    ("crm:eli", "Élif Yildiz", "sdr", "enterprise", 30),
    ("crm:fin", "Finn Brandt", "sdr", "emea", 30),
    ("crm:gus", FORMULA, "ae", "closers", 30),
    ("crm:hana", "Hana Sato", "ae", "closers", 30),
)
OFFICE = {
    "timezone": "America/New_York",
    "hours": {"mon-fri": ["09:00-12:30", "13:30-18:00"]},
    "holidays": "US",
}
EVENTS = {
    "first_touch": ("assigned", "touch"),
    "qualify": ("touched", "decision"),
    "opportunity": ("entered_sql", "entered_opportunity"),
    "nurture": ("returned", "nurture_activity"),
    "volume": ("week", "week"),
}
REASONS = ("not_ready", "no_budget", "wrong_contact", "no_response", "went_cold", "timing")


def digest(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]


@contextmanager
def open_ledger(request: pytest.FixtureRequest, folder: Path) -> Iterator[Ledger]:
    """Open a new ledger on the store that a fixture's parameter names; a file lies in a folder."""
    opened = nullcontext(f"sqlite:///{folder / 'ledger.db'}")
    if request.param == "postgresql":
        opened = request.getfixturevalue("databases").ledger()
    with opened as url, closing(Ledger.open(url)) as ledger:
        yield ledger


class Company:
    """Rows by table, in the making."""

    def __init__(self, *, seed: int = 7, leads: int = 1500, weeks: int = 5) -> None:
        self.random = random.Random(seed)
        self.rows: dict[str, list[dict]] = {}
        self.known_at = AS_OF
        self.span = timedelta(weeks=weeks)
        self.calendar = Calendar.parse(OFFICE)
        self._people()
        for number in range(leads):
            self._lead(number)
        self._spend(weeks)
        self._batches(weeks)

    def add(self, table: str, **row: object) -> None:
        self.rows.setdefault(table, []).append(row)

    def write(self, ledger: Ledger) -> None:
        with ledger.begin() as connection:
            for name, rows in self.rows.items():
                table = tables.metadata.tables[name]
                insert_rows(connection, table, [{**_rest(table), **row} for row in rows])

    def _people(self) -> None:
        for rep_id, name, role, team, per_week in REPS:
            self.add(
                "rep", rep_id=rep_id, name=name, email=None, role=role, team=team,
                manager_id=None, calendar=None, weight=None, per_week=per_week, per_month=None,
                absences=None, left_at=None, known_at=FIRST, row_hash=digest(rep_id),
            )  # fmt: skip

    def _lead(self, number: int) -> None:
        pick = self.random
        lead_id = f"web:{number:05d}"
        created = FIRST + self.span * pick.random() ** 1.1
        segment = pick.choices(list(SEGMENTS), list(SEGMENTS.values()))[0]
        channel = pick.choices(list(CHANNELS), list(CHANNELS.values()))[0]
        lead = {
            "lead_id": lead_id,
            "segment": segment,
            "channel": channel,
            "campaign": pick.choice(["autumn", "webinar", None]),
        }
        self.add(
            "lead", **lead, created_at=created, email=f"p{number}@example.com",
            name=HOSTILE if number % 400 == 3 else f"Person {number}",
            industry=pick.choice(["software", "finance", "health", None]),
            country=pick.choice(["US", "US", "US", "CA", "GB", "DE", None]),
            cycle=0, known_at=created, row_hash=digest(lead_id),
        )  # fmt: skip
        self._journey(lead, created)

    def _journey(self, lead: dict, at: datetime) -> None:
        walk = Walk(self, lead)
        walk.enter("new_name", at)
        pick = self.random
        for stage, chance, wait in (
            ("engaged", 0.55, 2.0), ("target", 0.55, 2.0), ("mql", 0.7, 1.5),
        ):  # fmt: skip
            at = self._later(at, wait)
            if at > AS_OF or pick.random() > chance:
                return
            walk.enter(stage, at, origin="decided")
        walk.hand_over(at)

    def _later(self, at: datetime, days: float) -> datetime:
        return at + timedelta(days=self.random.expovariate(1 / days))

    def clock(self, *, lead: dict, term: str, start: datetime, **row: object) -> None:
        business = row.pop("business")
        within = row.pop("within")
        due = self.calendar.due(start, within) if business else start + within
        from_event, until_event = EVENTS[term]
        self.add(
            "clock", clock_id=digest(lead["lead_id"], term, start), lead_id=lead["lead_id"],
            from_event=from_event, until_event=until_event, term=term,
            segment=lead["segment"], started_at=start,
            within_us=within // timedelta(microseconds=1), business=business,
            calendar="office" if business else None,
            calendar_terms=OFFICE if business else None, pauses=[], escalation="ladder", steps=[],
            due_at=due, next_step=None, next_step_at=None, origin="decided", version="2026.4",
            **row,
        )  # fmt: skip

    def _spend(self, weeks: int) -> None:
        for day in range(weeks * 7):
            on = date(2026, 10, 12) + timedelta(days=day)
            if on > AS_OF.date():
                return
            for channel, cost in (("paid_search", 420), ("social", 180), ("display", 95)):
                amount = Decimal(cost) + Decimal(self.random.randrange(9999)).scaleb(-2)
                self.add(
                    "spend", spend_id=f"ads:{channel}:{on}", spent_on=on, amount=amount,
                    channel=channel, campaign="autumn", known_at=AS_OF,
                    row_hash=digest(channel, on),
                )  # fmt: skip

    def _batches(self, weeks: int) -> None:
        for day in range(weeks * 7):
            at = FIRST + timedelta(days=day, hours=10)
            if at > AS_OF:
                return
            for source, entity, size in (("web", "lead", 45), ("crm", "touch", 80)):
                bad, known = self.random.randrange(4), self.random.randrange(6)
                held = size if (day, source) == (16, "crm") else 0
                taken = 0 if held else size - bad - known
                self.add(
                    "batch", batch_id=digest(source, day), source=source, entity=entity,
                    place=f"inbox/{source}-{day}.csv", taken_at=at,
                    status="held" if held else "taken", rows_in=size, accepted=taken,
                    quarantined=0 if held else bad, duplicates=0 if held else known, held=held,
                    flagged=0,
                )  # fmt: skip


_FILLERS = {"VARCHAR": "made", "TEXT": "made", "JSON": [], "BOOLEAN": False, "INTEGER": 0}


def _rest(table: Table) -> dict:
    """Values for required columns that these tests do not look at."""
    return {
        column.name: _FILLERS[str(column.type).split("(")[0]]
        for column in table.columns
        if not column.nullable
        and not column.primary_key
        and str(column.type).split("(")[0] in _FILLERS
    }


class Walk:
    """One lead's way through the funnel."""

    def __init__(self, company: Company, lead: dict) -> None:
        self.company = company
        self.lead = lead
        self.stage: str | None = None
        self.cycle = 0

    def enter(self, stage: str, at: datetime, *, origin: str = "observed", **more: object) -> None:
        self.cycle += stage == "mql"
        row = {"programme": None, "reason": None, "step": None, **more}
        self.company.add(
            "stage_change", change_id=digest(self.lead["lead_id"], stage, at, row["step"]),
            lead_id=self.lead["lead_id"], from_stage=self.stage, to_stage=stage, cycle=self.cycle,
            occurred_at=at, position=0, known_at=at, origin=origin, inferred=False,
            cause="made", until=None, version=None, retracts=None, **row,
        )  # fmt: skip
        self.stage = stage

    def hand_over(self, queued: datetime) -> None:
        pick = self.company.random
        wait = timedelta(hours=pick.choice([0, 0, 0, 0, 20]))
        assigned = self.company.calendar.next_opening(queued + wait)
        team = {"large": "enterprise", "middle": "inbound"}.get(self.lead["segment"], "inbound")
        rep = pick.choice([one for one in REPS if one[3] == team])[0]
        row = self._handoff("mql", rep, team, queued, assigned)
        if assigned > AS_OF:
            row.update(assigned_at=None, rep_id=None, team=team, waits_for="capacity")
            return
        self._work(row, rep, team, assigned)

    def _handoff(self, stage, rep, team, queued, assigned) -> dict:
        pick = self.company.random
        row = {
            "handoff_id": digest("handoff", self.lead["lead_id"], self.cycle, stage),
            "lead_id": self.lead["lead_id"], "cycle": self.cycle, "stage": stage,
            "origin": "decided", "segment": self.lead["segment"],
            "channel": self.lead["channel"], "campaign": self.lead["campaign"], "team": team,
            "rep_id": rep, "hot": pick.random() < 0.12, "forced": False, "kept": False,
            "queued_at": queued, "assigned_at": assigned, "ended_at": None, "outcome": None,
            "waits_for": None, "fit": 400, "engagement": 350, "intent": pick.randrange(300, 900),
            "version": "2026.4",
        }  # fmt: skip
        self.company.rows.setdefault("handoff", []).append(row)
        return row

    def _owned(self, handoff: dict, since: datetime) -> None:
        self.company.add(
            "handoff_owner", handoff_id=handoff["handoff_id"], since=since,
            rep_id=handoff["rep_id"], team=handoff["team"], why="assigned",
        )  # fmt: skip

    def _work(self, handoff: dict, rep: str, team: str, assigned: datetime) -> None:
        company, pick = self.company, self.company.random
        self._owned(handoff, assigned)
        slow = {"crm:cho": 55.0, "crm:dee": 14.0}.get(rep, 4.0)
        patience = timedelta(minutes=pick.expovariate(1 / slow))
        touched = company.calendar.due(assigned, patience)
        if pick.random() < 0.02 or touched > AS_OF:
            touched = None
        sales = {"side": "sales", "handoff_id": handoff["handoff_id"], "cycle": self.cycle}
        company.clock(
            lead=self.lead, term="first_touch", start=assigned, business=True,
            within=timedelta(minutes=5), owner_id=rep, team=team, ended_at=touched,
            ended_by="met" if touched else None, **sales,
        )  # fmt: skip
        if touched is None:
            return
        self._touch(rep, touched)
        self.enter("sal", touched)
        decided = company.calendar.next_opening(company._later(touched, 3.5))
        done = decided <= AS_OF
        company.clock(
            lead=self.lead, term="qualify", start=touched, business=False,
            within=timedelta(days=7), owner_id=rep, team=team,
            ended_at=decided if done else None, ended_by="met" if done else None, **sales,
        )  # fmt: skip
        if done:
            self._decide(handoff, decided)

    def _touch(self, rep: str, at: datetime) -> None:
        pick = self.company.random
        for number in range(pick.choice([1, 1, 2, 3])):
            when = at + timedelta(hours=5 * number)
            second = ("email", "voicemail")[int(self.lead["lead_id"][-1]) % 2]
            if when <= AS_OF:
                self.company.add(
                    "touch", touch_id=digest("touch", self.lead["lead_id"], when),
                    lead_id=self.lead["lead_id"], rep_id=rep, touched_at=when,
                    channel=("call", second, "meeting")[number],
                    outcome=pick.choice(["connected", "no_answer", "left_message"]),
                    automatic=pick.choice([None, False, number == 2]), known_at=when,
                    row_hash=digest(when),
                )  # fmt: skip

    def _decide(self, handoff: dict, at: datetime) -> None:
        pick = self.company.random
        outcome = pick.choices(
            ["converted", "returned", "deferred", "disqualified"], [42, 36, 10, 12]
        )
        handoff.update(ended_at=at, outcome=outcome[0])
        match outcome[0]:
            case "converted":
                self.enter("sql", at)
                self._executive(at)
            case "returned":
                self.enter("nurture", at, programme="returned", reason=pick.choice(REASONS))
                self._nurture(at)
            case "deferred":
                self.enter("deferred", at, reason="busy")
            case "disqualified":
                self.enter("disqualified", at, reason="not_a_fit")

    def _nurture(self, at: datetime) -> None:
        company = self.company
        mailed = company.calendar.due(at, timedelta(hours=company.random.expovariate(1 / 7)))
        done = mailed <= AS_OF
        company.clock(
            lead=self.lead, term="nurture", start=at, business=True, within=timedelta(hours=16),
            owner_id=None, team=None, side="marketing", handoff_id=None, cycle=self.cycle,
            ended_at=mailed if done else None, ended_by="met" if done else None,
        )  # fmt: skip

    def _executive(self, at: datetime) -> None:
        pick = self.company.random
        rep = pick.choice(["crm:gus", "crm:hana"])
        handoff = self._handoff("sql", rep, "closers", at, at)
        self._owned(handoff, at)
        opened = self.company._later(at, 3.0)
        done = opened <= AS_OF
        self.company.clock(
            lead=self.lead, term="opportunity", start=at, business=False, within=timedelta(days=7),
            owner_id=rep, team="closers", side="sales", handoff_id=handoff["handoff_id"],
            cycle=self.cycle, ended_at=opened if done else None, ended_by="met" if done else None,
        )  # fmt: skip
        if done and pick.random() < 0.75:
            handoff.update(ended_at=opened, outcome="converted")
            self.enter("opportunity", opened)
            self._deal(rep, opened)

    def _deal(self, rep: str, opened: datetime) -> None:
        company, pick = self.company, self.company.random
        size = {"small": 10_000, "middle": 30_000, "large": 250_000}[self.lead["segment"]]
        amount = Decimal(round(size * pick.uniform(0.5, 1.5))) + Decimal("0.37")
        stage, at = "opportunity", opened
        for step, chance in (("proposal", 0.65), ("contracting", 0.65)):
            at = company._later(at, 2.0)
            if at > AS_OF or pick.random() > chance:
                break
            self.enter("opportunity", at, step=step)
        else:
            at = company._later(at, 1.5)
            if at <= AS_OF:
                stage = pick.choices(["customer", "lost"], [80, 20])[0]
                self.enter(stage, at)
        sizes = [amount, amount * 2, amount + 1000]
        for number, known_at in enumerate(sorted(pick.sample([opened, at, AS_OF], k=2))):
            company.add(
                "opportunity_version", opportunity_id=f"crm:deal-{self.lead['lead_id']}",
                known_at=known_at, batch_id=f"b{number}", row_number=1, lead_id=None, rep_id=None,
                stage="opportunity", amount=sizes[number],
            )  # fmt: skip
        closed = at if stage != "opportunity" else None
        company.add(
            "opportunity", opportunity_id=f"crm:deal-{self.lead['lead_id']}",
            lead_id=self.lead["lead_id"], rep_id=rep, account=None, industry=None, country=None,
            product=None, stage=stage, step=None, stage_at=closed or opened, opened_at=opened,
            closed_at=closed, amount=amount if pick.random() < 0.95 else None, cost=None,
            reason="price" if stage == "lost" else None, known_at=AS_OF, row_hash=digest(at),
        )  # fmt: skip

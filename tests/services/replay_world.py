"""A small company at the end of a month, and what may happen to its records afterwards.

Everything comes in as files, as it does in life; scores are stored by the stages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from accord.services.erase import run_erase
from accord.services.identity_hand import merge_by_hand, undo_merge
from accord.services.nightly import run_nightly
from accord.services.score import run_score
from accord.services.scored import Scored
from accord.services.workspace import Workspace
from tests.services.identity_world import HOUR, NOW, Story

BEGIN = NOW
MONTH_END = BEGIN + 5 * HOUR
"""When all are scored for the first time; whatever else happens comes after it."""

DAY = timedelta(days=1)

Told = tuple[Any, ...]

_DID = (
    ("crm:1", "demo_requested", "2026-11-02T10:00:00Z"),
    ("crm:1", "webinar_attended", "2026-09-17T10:00:00Z"),
    ("crm:2", "pricing_viewed", "2026-11-10T08:00:00Z"),
    ("crm:2", "page_viewed", "2026-11-11T08:00:00Z"),
    ("crm:3", "form_submitted", "2026-10-16T14:00:00Z"),
    ("crm:4", "unsubscribed", "2026-03-01T00:00:00Z"),
    ("crm:4", "demo_requested", "2026-11-15T00:00:00Z"),
    ("web:9", "trial_started", "2026-11-09T00:00:00Z"),
    ("crm:5", "email_clicked", "2026-11-01T00:00:00Z"),
    ("web:5", "email_clicked", "2026-11-08T00:00:00Z"),
)


def lead(number: str, **values: str) -> dict[str, str]:
    return {"id": number, "created": "2026-01-01", "title": "Buyer", "country": "US", **values}


class Company(Story):
    """Remembers what was stored at every scoring of all leads: instant -> lead -> score."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.stored_at: dict[datetime, dict[str, Told]] = {}

    def live_for_a_month(self) -> None:
        """Take leads and what they did, and score them all.

        Lead 2 is told its industry and size by its company's lead 1, leads 3 and 4 are strangers to
        both, web:9 is a second record of lead 3, 5 and web:5 are one person. A lead whose source
        says that it is engaged has 5 points more.
        """
        path = self.workspace.settings.agreement
        rule = r"{name: in talks, part: person, when: {stage: engaged}, points: 5}\n      - \g<0>"
        path.write_text(re.sub(r"\{name: decision maker", rule, path.read_text()))
        self.leads(
            "crm",
            lead("1", email="ann@acme.example", title="CFO", industry="software", employees="500"),
            lead("2", email="bob@acme.example"),
            lead("3", email="cy@other.example", title="Head of sales", stage="Lead"),
            lead("4", email="dee@else.example", title="CEO", industry="health"),
            lead("5", email="eve@third.example", title="Director"),
        )
        self.leads(
            "web",
            lead("9", email="cy.private@gmail.com", title="Student"),
            lead("5", email="eve@third.example", industry="finance"),
        )
        for system in ("crm", "web"):
            own = [(one.partition(":")[2], *did) for one, *did in _DID if one.startswith(system)]
            self.activities(system, *((str(place), *one) for place, one in enumerate(own)))
        self.score()

    def score(self) -> None:
        """Score all, an hour later."""
        self.at += HOUR
        run_score(self.workspace, as_of=self.at, full=True)
        self.stored_at[self.at] = self.stored()

    def stored(self) -> dict[str, Told]:
        """Return the scores that are stored now, by lead, with reasons and thresholds."""
        return scores_of(self.rows("score"))

    def merge_two(self) -> None:
        merge_by_hand(self.workspace, "web:9", "crm:3", as_of=self.at + HOUR)
        self.score()

    def part_two(self) -> None:
        undo_merge(self.workspace, "web:5", as_of=self.at + HOUR)
        self.score()

    def change_attributes(self) -> None:
        """Lead 1 changes, and lead 2 with it; lead 3 is said to be a customer."""
        one = lead("1", email="ann@acme.example", title="Intern", industry="mining", employees="5")
        three = lead("3", email="cy@other.example", title="Intern", employees="50", stage="Won")
        self.leads("crm", one, three)

    def bring_a_lead(self) -> None:
        """A lead of long ago arrives late, and its activities with it."""
        self.leads("crm", lead("7", email="fay@acme.example", title="CEO"))
        self.activities("crm", ("late-7", "7", "demo_requested", "2026-11-01T00:00:00Z"))

    def bring_late_activities(self) -> None:
        """Four leads looked at the prices on the 12th, which nobody had told us."""
        at = "2026-11-12T00:00:00Z"
        rows = ((f"late-{one}", one, "pricing_sheet_downloaded", at) for one in "1235")
        self.activities("crm", *rows)

    def erase_somebody(self) -> None:
        run_erase(self.workspace, "crm:4", as_of=self.at)

    def pass_a_night(self) -> None:
        """All are scored and the cut of the stored rollup moves on, past what is replayed."""
        self.at += DAY
        run_nightly(self.workspace, as_of=self.at)
        self.stored_at[self.at] = self.stored()

    def tidy_the_log(self) -> None:
        self.workspace.log.compact()

    def agree_otherwise(self) -> None:
        """A version with other points, caps, half-lives and thresholds is in force by now."""
        self._put_agreement("2026.5", effective_from="2026-11-17")
        self.score()

    def backdate_an_agreement(self) -> None:
        """One that says it was in force all the time, and was not there then."""
        self._put_agreement("2026.6", effective_from="2026-10-15")
        self.score()

    def go_on_after_the_cut(self) -> None:
        self.activities("crm", ("tail", "1", "trial_started", "2026-11-18T00:00:00Z"))
        self.score()

    def learn_more_of_the_past(self) -> None:
        """What the stored rollup does not hold, and what changes whom it is about."""
        undo_merge(self.workspace, "web:9", as_of=self.at + HOUR)
        self.at += HOUR
        at = "2026-11-18T00:00:00Z"
        self.activities("crm", *((f"later-{one}", one, "trial_started", at) for one in "1235"))

    def _put_agreement(self, version: str, *, effective_from: str) -> None:
        path = self.workspace.settings.agreement
        path.write_text(other_terms(path.read_text(), version, effective_from=effective_from))


def other_terms(text: str, version: str, *, effective_from: str) -> str:
    """Return the agreement's text with other points, caps, half-lives and thresholds."""
    for found, put in (
        (r'^version: ".*"', f'version: "{version}"'),
        (r"^effective_from: \S+", f"effective_from: {effective_from}"),
        (r"half_life: 14d", "half_life: 3d"),
        (r"points: 70", "points: 33"),
        (r"points: 25, cap: 50", "points: 60, cap: 80"),
        (r"target:  \{fit: \{gte: 20\}", "target:  {fit: {gte: 90}"),
    ):
        text = re.sub(found, put, text, flags=re.MULTILINE)
    return text


LATER: tuple[Callable[[Company], None], ...] = (
    Company.merge_two,
    Company.part_two,
    Company.change_attributes,
    Company.bring_a_lead,
    Company.bring_late_activities,
    Company.pass_a_night,
    Company.erase_somebody,
    Company.agree_otherwise,
    Company.backdate_an_agreement,
    Company.go_on_after_the_cut,
    Company.learn_more_of_the_past,
    Company.tidy_the_log,
)
"""What happens after the month, in this order."""


def scores_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, Told]:
    """Return rows of stored scores by lead, with reasons and thresholds."""
    return {row["lead_id"]: _told(row) for row in rows}


def told(scored: list[Scored]) -> dict[str, Told]:
    """Return computed scores as :meth:`Company.stored` gives those that are kept."""
    names = ("fit", "engagement", "intent", "position", "qualifies", "reasons")
    return {one.lead_id: _told({name: getattr(one, name) for name in names}) for one in scored}


def _told(row: Mapping[str, Any]) -> Told:
    """Leave out decayed weights: where a score stays as it was, the stage keeps what it wrote."""
    reasons = (
        tuple(sorted((name, value) for name, value in reason.items() if name != "weight"))
        for reason in row["reasons"]
    )
    numbers = (row["fit"], row["engagement"], row["intent"], row["position"])
    return (*numbers, tuple(row["qualifies"]), tuple(reasons))

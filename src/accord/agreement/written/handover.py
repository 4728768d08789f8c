"""Chapter 4: how the two funnels are one: who takes which lead, how many, and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from accord.agreement.model import Agreement, HandoffTerms, RoutingRule, Team
from accord.agreement.written.model import Chapter, Grid, Paragraph, Part, Passage, Point, Points
from accord.agreement.written.opening import say_calendar
from accord.agreement.written.when import say_when
from accord.agreement.written.words import (
    say_all,
    say_count,
    say_duration,
    say_name,
    say_number,
)

_ROLES = {
    "sdr": "development reps",
    "ae": "account executives",
    "manager": "managers",
    "marketing": "marketing",
}


def write_handover(agreement: Agreement) -> Chapter:
    """Write routing, capacity, teams and calendars."""
    return Chapter(
        name="handover",
        title="Funnel and hand-over",
        lead="Who takes which lead, how many a person can take, and when anybody is there.",
        parts=(
            Part(title="Who takes an MQL", passages=_routing(agreement.handoff.routing.mql)),
            Part(title="Who takes an SQL", passages=_routing(agreement.handoff.routing.sql)),
            Part(title="How many, and when", passages=(_capacity(agreement.handoff),)),
            Part(title="Teams", passages=tuple(_teams(agreement))),
            Part(title="Calendars", passages=tuple(_calendars(agreement))),
        ),
    )


def _routing(rules: Sequence[RoutingRule]) -> tuple[Passage, ...]:
    return (
        Paragraph(text="The first line that fits names the team."),
        Points(points=tuple(Point(text=f"{say_rule(rule)}.") for rule in rules), ordered=True),
    )


def say_rule(rule: RoutingRule) -> str:
    """Say one rule of the routing as a clause."""
    if rule.when is None:
        return f"Every lead goes to {say_name(rule.team)}"
    return f"Leads whose {say_when(rule.when)} go to {say_name(rule.team)}"


def _capacity(handoff: HandoffTerms) -> Points:
    capacity = handoff.capacity
    together = (
        "A company already in one rep's hands stays there. Not so a hot lead while that rep is"
        " away, or while the rep's office is closed and a colleague with capacity is at work; nor,"
        " while the rep is away, a lead that has waited as long as leads are held."
        if handoff.keep_account_together
        else "Leads of one company may go to several reps."
    )
    points = (
        (
            "Capacity",
            (
                f"{say_count(capacity.per_week, 'lead')} a week and"
                f" {say_count(capacity.per_month, 'lead')} a month for each rep, unless a rep has a"
                " capacity of their own. Both bind."
            ),
        ),
        (
            "Turns",
            (
                "Within a team the turn goes round, by weight; who is away or full is passed"
                " over, and nothing is left to chance."
            ),
        ),
        (
            "Levelling",
            (
                "Leads that are not hot are released evenly over the days left in the week:"
                " the hot first, then by intent, engagement, fit and age."
            ),
        ),
        (
            "Holding",
            (
                f"A lead waits {say_duration(handoff.hold_at_most)} at most, day and night;"
                " then it goes out of its share to whose turn it is; if nobody has capacity left,"
                " to the least loaded rep who is there, over capacity."
            ),
        ),
        (
            "Approval",
            (
                f"If one run would hand over more than {say_number(handoff.approval_above)}"
                " times the usual number, all but the hot leads wait for a person. Usual is the"
                " median of the last 20 runs that handed over any; until there are 20, and in a run"
                " of no more leads than one rep takes in a week, nothing waits."
            ),
        ),
        ("Companies", together),
        (
            "Nobody there",
            (
                "A lead that no rule or rep can take waits where everybody sees it, with"
                " the reason. No lead is left unassigned in silence."
            ),
        ),
    )
    return Points(points=tuple(Point(term=term, text=text) for term, text in points))


def _teams(agreement: Agreement) -> Iterator[Passage]:
    yield Grid(
        caption="Teams",
        columns=("Team", "Who they are", "Calendar", "Channels they answer for"),
        rows=tuple(_team(name, team) for name, team in agreement.teams.items()),
    )


def _team(name: str, team: Team) -> tuple[str, ...]:
    channels = say_all(map(say_name, team.channels)) if team.channels else "none of its own"
    return (say_name(name), _ROLES[team.role.value], say_name(team.calendar), channels)


def _calendars(agreement: Agreement) -> Iterator[Passage]:
    yield Paragraph(
        text="A rep may keep a calendar of their own. What is said of one date beats holidays and"
        " closures."
    )
    entries = agreement.calendars.items()
    yield Points(
        points=tuple(
            Point(term=say_name(name), text=say_calendar(entry)) for name, entry in entries
        )
    )

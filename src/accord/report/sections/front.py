"""The first screen: what each side owed and delivered, and what matters most, in sentences."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from accord.metrics import (
    METRICS,
    Promise,
    Status,
    duration,
    quotient,
    shown,
)
from accord.records import Side as Party
from accord.report.asked import Kind
from accord.report.model import Page, PromiseLine, Section, Side
from accord.report.promised import amounts_of, title_of
from accord.report.view import View


def front(view: View, *, sections: tuple[Section, ...]) -> Page:
    """Make the page around its sections."""
    sides = (_side(view, Party.MARKETING), _side(view, Party.SALES))
    return Page(
        name=_name(view),
        folder=view.period.label,
        days=view.asked.days,
        state=_state(view),
        agreement=f"Agreement {view.agreement.version}"
        + (", signed by both sides" if view.signed else ", not signed by both sides"),
        headline=_headline(sides, partial=view.partial),
        sides=sides,
        findings=view.findings,
        sections=sections,
        facts=_facts(view),
        definitions=tuple(
            (metric.title, metric.formula, ", ".join(metric.requirements))
            for metric in METRICS.values()
        ),
    )


def _name(view: View) -> str:
    """The label people know the time by; a month by its name."""
    match view.asked.kind:
        case Kind.WEEK:
            return view.period.label
        case Kind.MONTH:
            return f"{view.asked.first_day:%B %Y}"
        case Kind.SPAN:
            return "All time" if view.asked.everything else "A span of days"


def _state(view: View) -> str:
    at, kind = view.at.astimezone(ZoneInfo(view.agreement.timezone)), view.asked.kind.value
    if view.partial:
        return f"The {kind} is still running: numbers up to {at:%A %d %B, %H:%M}"
    return f"The {kind} has closed"


def _headline(sides: tuple[Side, ...], *, partial: bool) -> str:
    """Say in a line who kept their word; a side of which nothing was due is not spoken of."""
    due = {side.title: [one.status for one in side.lines] for side in sides}
    due = {
        title: [one for one in lines if one is not Status.NOTHING] for title, lines in due.items()
    }
    settled = [one for lines in due.values() for one in lines if one is not Status.RUNNING]
    if not settled:
        return "Nothing was due yet from either side"
    so_far = " so far" if partial else ""
    if Status.MISSED not in settled:
        both = all(due.values())
        return (
            "Both sides have kept their" if both else f"{_only(due)} has kept its"
        ) + f" word{so_far}"
    said = [f"{title} {_missed(lines)}" for title, lines in due.items() if lines]
    return ", ".join([said[0], *(one[0].lower() + one[1:] for one in said[1:])]) + so_far


def _only(due: dict[str, list[Status]]) -> str:
    return next(title for title, lines in due.items() if lines)


def _missed(lines: list[Status]) -> str:
    count = sum(one is Status.MISSED for one in lines)
    if not count:
        return "missed none"
    if len(lines) == 1:
        return "missed its one promise"
    return f"missed {count} of {len(lines)} promises"


def _side(view: View, party: Party) -> Side:
    lines = tuple(_line(view, one) for one in view.promises if one.side is party)
    due = [line for line in lines if line.status is not Status.NOTHING]
    kept = sum(line.status is Status.KEPT for line in due)
    verdict = f"{kept} of {len(due)} kept" if due else "nothing due"
    return Side(name=party.value, title=party.value.capitalize(), verdict=verdict, lines=lines)


def _line(view: View, promise: Promise) -> PromiseLine:
    delivered, owed = amounts_of(promise)
    return PromiseLine(
        title=title_of(promise),
        terms=_terms(view, promise),
        delivered=delivered,
        owed=owed,
        status=promise.status,
        status_words=_words(promise, partial=view.partial),
        filled=_filled(promise),
        promise=promise,
    )


def _terms(view: View, promise: Promise) -> str:
    """The promise's own words, and for the first touch how fast it came."""
    if promise.name != "first_touch":
        return promise.terms
    median = view.number("speed_to_lead_business")
    if median is None or median.value is None:
        return promise.terms
    return f"{promise.terms}; median {duration(median.value)}"


def _words(promise: Promise, *, partial: bool) -> str:
    if promise.status is Status.MISSED and promise.kind == "clock":
        return f"{int(promise.owed - (promise.delivered or 0))} late"
    if promise.status is Status.MISSED:
        return "short"
    if promise.status is Status.KEPT and partial and promise.kind == "clock":
        return "kept so far"
    return promise.status.value


def _filled(promise: Promise) -> Decimal | None:
    if promise.delivered is None or not promise.owed:
        return None
    whole = Fraction(1) if promise.kind == "acceptance" else promise.owed
    return min(Decimal(1), shown(quotient(promise.delivered, whole), 3))


def _facts(view: View) -> tuple[tuple[str, str], ...]:
    zone = view.agreement.timezone
    return (
        (view.asked.kind.value.capitalize(), f"{view.period.label}, cut in {zone}"),
        ("Counted up to", f"{view.at.astimezone(ZoneInfo(zone)):%A %d %B %Y, %H:%M %Z}"),
        ("Agreement", f"{view.agreement.version}, {view.agreement.fingerprint[:12]}"),
        ("Currency", view.agreement.currency),
    )

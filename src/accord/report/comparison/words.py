"""What a comparison says in words: its headline, its state, and the measures of both agreements."""

from __future__ import annotations

from decimal import Decimal

from accord.evaluation import Comparison, Evaluation, Share
from accord.metrics import MISSING, percent
from accord.report.model import Figure

_TENTH = Decimal("0.1")
_DASH = "\u2013"


def to_headline(found: Comparison) -> str:
    """Say in one sentence what the candidate would change, and how it would have done."""
    if found.stored is not None:
        return (
            f"All scores are stored under {found.version_then}; those of"
            f" {_many(found.stored, 'lead')} changed"
        )
    if not found.leads:
        return "No lead is known that the agreements could be compared on"
    if found.version_now == found.version_then and not _differs(found):
        return f"{found.version_then} is in force: nothing would change"
    word = "the candidate " if found.version_now == found.version_then else ""
    return f"Under {word}{found.version_then}, {_moves(found)}{_past(found)}"


def to_state(found: Comparison) -> str:
    """Say what was scored, for when, and whether anything was stored."""
    changed = f"scores of {found.changed:,} differ" if found.changed else "no score differs"
    kept = " A dry run: nothing was stored." if found.stored is None else ""
    limits = "".join(f", {limit}" for limit in to_limits(found))
    return (
        f"{found.leads:,} leads scored as of {found.as_of:%A %d %B %Y, %H:%M %Z}{limits};"
        f" {changed}.{kept}"
    )


def to_limits(found: Comparison) -> tuple[str, ...]:
    """Say what a comparison was limited to, nothing where it was of all leads."""
    named = None if found.leads_asked is None else f"{found.leads_asked:,} leads named"
    asked = ", ".join(found.segments_asked)
    return tuple(one for one in (asked and f"segment {asked}", named) if one)


def count_over(found: Comparison) -> tuple[int, int]:
    """Count the weeks in which each agreement hands over more than reps can take under it."""
    now = sum(_is_over(week.now, week.capacity_now) for week in found.weeks)
    return now, sum(_is_over(week.then, week.capacity_then) for week in found.weeks)


def find_measures(found: Comparison) -> tuple[tuple[Figure, ...], tuple[Figure, ...]]:
    """Return the figures of the agreement in force and of the candidate, the same of both."""
    above_now, above_then = _above(found)
    return (
        _figures(found, found.mql_now, above_now, found.past.get("now")),
        _figures(found, found.mql_then, above_then, found.past.get("then")),
    )


def to_percent(value: Decimal | None) -> str:
    """Write a share in per cent, below ten with one decimal."""
    return percent(value, _places(value))


def to_interval(share: Share) -> str:
    """Write the interval of a share in per cent, nothing where nothing was counted.

    >>> numbers = [Decimal(text) for text in ("0.861", "0.713", "0.939")]
    >>> value, low, high = numbers
    >>> to_interval(Share(count=31, of=36, value=value, low=low, high=high))
    '71\u201394 %'
    """
    if share.low is None or share.high is None:
        return ""
    places = _places(share.low)
    return f"{percent(share.low, places).removesuffix(' %')}{_DASH}{percent(share.high, places)}"


def _differs(found: Comparison) -> bool:
    """Whether anybody moves or any number is another; a version alone does not tell."""
    return bool(
        found.changed
        or len(found.gained)
        or len(found.lost)
        or any(
            (week.now, week.capacity_now) != (week.then, week.capacity_then) for week in found.weeks
        )
        or found.past.get("now") != found.past.get("then")
    )


def _moves(found: Comparison) -> str:
    gained, lost = len(found.gained), len(found.lost)
    if not gained and not lost:
        return "no lead would come over the MQL threshold or fall below it"
    come = _many(gained, "lead") if gained else "no lead"
    fall = f"{lost:,}" if lost else "none"
    return f"{come} would come over the MQL threshold and {fall} would fall below it"


def _past(found: Comparison) -> str:
    if not found.past:
        return ""
    now, then = found.past["now"], found.past["then"]
    wasted = f"sent {_many(then.wasted.count, 'non-buyer')}{_against(then.wasted, now.wasted)}"
    caught = f"caught {_counted(then.recall, 'winner')}{_against(then.recall, now.recall)}"
    return f"; it would have {caught}, and {wasted}"


def _counted(share: Share, noun: str) -> str:
    sure = f"{to_percent(share.value)}, {to_interval(share)}"
    return f"{share.count:,} of {_many(share.of, noun)} ({sure})"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _against(then: Share, now: Share) -> str:
    return ", as now" if then.count == now.count else f" instead of {now.count:,}"


def _is_over(handed: int, capacity: int | None) -> bool:
    return capacity is not None and handed > capacity


def _figures(
    found: Comparison, mql: int, above: tuple[Figure, ...], past: Evaluation | None
) -> tuple[Figure, ...]:
    of = f"of {found.movable:,}"
    mqls = Figure(title="Leads over the MQL threshold", shown=f"{mql:,}", of=of)
    return (mqls, *(() if past is None else _past_figures(past)), *above)


def _above(found: Comparison) -> tuple[tuple[Figure, ...], tuple[Figure, ...]]:
    """Return the figure of weeks above capacity of each, none of both where neither has one."""
    now = sum(week.capacity_now is not None for week in found.weeks)
    then = sum(week.capacity_then is not None for week in found.weeks)
    if not now and not then:
        return (), ()
    over_now, over_then = count_over(found)
    return (_weeks_above(over_now, now),), (_weeks_above(over_then, then),)


def _weeks_above(over: int, weeks: int) -> Figure:
    return Figure(title="Weeks above capacity", shown=str(over), of=f"of {weeks}")


def _past_figures(past: Evaluation) -> tuple[Figure, ...]:
    return (
        _figure("Winners caught", past.recall),
        _figure("Non-buyers sent", past.wasted),
        _figure("Winners among those sent", past.precision),
    )


def _figure(title: str, share: Share) -> Figure:
    sure = f"{to_percent(share.value)}, {to_interval(share)}" if share.of else MISSING
    shown = f"{share.count:,}"
    return Figure(title=title, shown=shown, of=f"of {share.of:,}", sure=sure, filled=share.value)


def _places(value: Decimal | None) -> int:
    return 1 if value is not None and 0 < value < _TENTH else 0

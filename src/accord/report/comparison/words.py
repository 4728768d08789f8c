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
    if found.stored:
        return f"{found.stored:,} scores were stored under {found.version_then}"
    if not found.leads:
        return "No lead is known that the agreements could be compared on"
    if found.version_now == found.version_then and not found.changed:
        return f"{found.version_then} is in force: nothing would change"
    word = "the candidate " if found.version_now == found.version_then else ""
    return f"Under {word}{found.version_then}, {_moves(found)}{_past(found)}"


def to_state(found: Comparison) -> str:
    """Say what was scored, for when, and whether anything was stored."""
    changed = f"scores of {found.changed:,} differ" if found.changed else "no score differs"
    kept = "" if found.stored else " A dry run: nothing was stored."
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


def count_movers(found: Comparison) -> tuple[int, int]:
    """Count the leads that would become and cease to be MQLs; a list of them may be shorter."""
    gained = sum(group.gained for group in found.by_segment)
    lost = sum(group.lost for group in found.by_segment)
    return max(gained, len(found.gained)), max(lost, len(found.lost))


def count_over(found: Comparison) -> tuple[int, int]:
    """Count the weeks in which each agreement hands over more than reps can take."""
    limited = [(week, week.capacity) for week in found.weeks if week.capacity is not None]
    now = sum(week.now > capacity for week, capacity in limited)
    return now, sum(week.then > capacity for week, capacity in limited)


def find_measures(found: Comparison) -> tuple[tuple[Figure, ...], tuple[Figure, ...]]:
    """Return the figures of the agreement in force and of the candidate, the same of both."""
    over_now, over_then = count_over(found)
    return (
        _figures(found, found.mql_now, over_now, found.past.get("now")),
        _figures(found, found.mql_then, over_then, found.past.get("then")),
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


def _moves(found: Comparison) -> str:
    gained, lost = count_movers(found)
    if not gained and not lost:
        return "no lead would become or cease to be an MQL"
    if not gained:
        return f"no lead would become an MQL and {lost:,} would cease to be one"
    become = f"{gained:,} leads would become MQLs" if gained > 1 else "1 lead would become an MQL"
    return f"{become} and {f'{lost:,}' if lost else 'none'} would cease"


def _past(found: Comparison) -> str:
    if not found.past:
        return ""
    now, then = found.past["now"], found.past["then"]
    wasted = f"sent {_many(then.wasted.count, 'non-buyer')}{_against(then.wasted, now.wasted)}"
    if not then.recall.of:
        return f"; it would have {wasted}"
    caught = f"caught {_counted(then.recall, 'winner')}{_against(then.recall, now.recall)}"
    return f"; it would have {caught}, and {wasted}"


def _counted(share: Share, noun: str) -> str:
    sure = f"{to_percent(share.value)}, {to_interval(share)}"
    return f"{share.count:,} of {_many(share.of, noun)} ({sure})"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _against(then: Share, now: Share) -> str:
    return ", as now" if then.count == now.count else f" instead of {now.count:,}"


def _figures(found: Comparison, mql: int, over: int, past: Evaluation | None) -> tuple[Figure, ...]:
    mqls = Figure(title="Leads over the MQL threshold", shown=f"{mql:,}", of=f"of {found.leads:,}")
    weeks = sum(week.capacity is not None for week in found.weeks)
    above = Figure(title="Weeks above capacity", shown=str(over), of=f"of {weeks}")
    return (mqls, *(() if past is None else _past_figures(past)), *((above,) if weeks else ()))


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

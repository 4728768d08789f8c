"""The findings of a week that matter most, in sentences.

Every rule has the same signature and returns findings with a weight; the list of rules is the
policy. The worst of each side comes first, so that neither team reads only about the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from accord.findings import Finding
from accord.metrics.definition import Unit
from accord.metrics.facts import ALL
from accord.metrics.numbers import Number, plain, quotient, shown
from accord.metrics.owed import Promise, Status, clock_metric
from accord.metrics.wording import duration, percent, spoken, worded
from accord.records import Side

_MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What the rules look at: this week's numbers and promises, and last week's numbers.

    ``now`` and ``before`` map (metric, dimension, member) to a number; ``names`` a rep's id to how
    the rep is called; ``reasons`` why leads were returned, with counts; ``on_goal`` is the share of
    a goal that counts as reached; ``this`` is when, in words.
    """

    now: Mapping[tuple[str, str, str], Number]
    before: Mapping[tuple[str, str, str], Number]
    promises: tuple[Promise, ...]
    reasons: Mapping[str, int]
    names: Mapping[str, str]
    on_goal: Fraction
    currency: str
    this: str = "this week"

    def members(self, metric: str, dimension: str) -> Iterator[Number]:
        """Yield this week's numbers of a metric by a dimension."""
        for key, number in self.now.items():
            if key[:2] == (metric, dimension):
                yield number


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A finding, whose it is, and how much it matters: 0..1, missed promises from 1 on.

    ``moves`` is the metric that its remedy should move; empty where nothing is to be done.
    """

    finding: Finding
    side: Side | None
    weight: Fraction
    moves: str = ""


def tell(week: Week) -> tuple[Finding, ...]:
    """Return the findings of a week that matter most: three, or fewer where little happened."""
    found = list(weigh(week))
    first = [next((one for one in found if one.side is side), None) for side in Side]
    chosen = sorted((one for one in first if one is not None), key=lambda one: -one.weight)
    said = {one.finding.rule for one in chosen}
    rest = [one for one in found if one not in chosen]
    rest.sort(key=lambda one: one.finding.rule in said)
    return tuple(one.finding for one in (*chosen, *rest)[:_MOST])


def weigh(week: Week) -> tuple[Weighed, ...]:
    """Return every finding, the one that matters most first."""
    return tuple(sorted((one for rule in RULES for one in rule(week)), key=_heaviest_first))


def _short_volume(week: Week) -> Iterator[Weighed]:
    short = [
        one
        for one in week.promises
        if one.kind == "volume" and one.status in (Status.MISSED, Status.RUNNING) and one.gap
    ]
    for one in short:
        delivered, owed = int(one.delivered or 0), _tenths(one.limit)
        tail = " with the week still running" if one.status is Status.RUNNING else ""
        sentence = (
            f"Marketing delivered {delivered} MQLs in segment {one.name}; at least {owed} were"
            f" owed{tail}."
        )
        yield _weighed("volume_short", one.name, sentence, Side.MARKETING, _urgency(one))


def _total_hides(week: Week) -> Iterator[Weighed]:
    volumes = [one for one in week.promises if one.kind == "volume"]
    owed = sum((one.owed for one in volumes), Fraction(0))
    total = sum((one.delivered or Fraction(0) for one in volumes), Fraction(0))
    if not owed or total < owed * week.on_goal:
        return
    for one in volumes:
        if (one.delivered or 0) < one.owed * week.on_goal:
            sentence = (
                f"The total is on goal ({int(total)} of {_tenths(owed)} MQLs), but segment"
                f" {one.name} is short: {int(one.delivered or 0)} of {_tenths(one.owed)}."
            )
            yield _weighed("total_hides", one.name, sentence, Side.MARKETING, 1 + one.gap)


def _low_acceptance(week: Week) -> Iterator[Weighed]:
    for one in week.promises:
        low = one.kind == "acceptance" and one.gap and one.status is not Status.NOTHING
        if low:
            reached, least = percent(_of(one.delivered)), percent(_of(one.limit))
            when = " so far this week" if one.status is Status.RUNNING else ""
            sentence = f"Sales accepted {reached} of what it was handed{when}; {least} is agreed."
            yield _weighed("acceptance_low", one.name, sentence, Side.MARKETING, _urgency(one))


def _late_clocks(week: Week) -> Iterator[Weighed]:
    for one in week.promises:
        if one.kind != "clock" or one.status is not Status.MISSED:
            continue
        late = int(one.owed - (one.delivered or 0))
        verb = "was" if late == 1 else "were"
        of = f"{late} of {int(one.owed)} {spoken(one.name)} clocks {verb} not met in time"
        sentence = f"{of} ({one.terms}){_worst_owner(week, one.name)}."
        yield _weighed("clocks_late", one.name, sentence, one.side, 1 + one.gap)


def _worst_owner(week: Week, term: str) -> str:
    """Name the rep with the most late first touches, where one stands out."""
    if term != "first_touch":
        return ""
    shares = [
        number
        for number in week.members("first_touch_met_share", "rep")
        if number.member and number.denominator and number.numerator is not None
    ]
    late = {one.member: (one.denominator or 0) - (one.numerator or 0) for one in shares}
    total = sum(late.values())
    worst = max(late, key=lambda rep: (late[rep], rep), default="")
    if not worst or late[worst] * len(late) < 2 * total:
        return ""
    count = "all" if late[worst] == total else f"{late[worst]:f}"
    return f"; {count} of them were {week.names.get(worst, worst)}'s"


def _slower(week: Week) -> Iterator[Weighed]:
    key = ("speed_to_lead_business", ALL, "")
    now, before = week.now.get(key), week.before.get(key)
    if not (now and before and now.value and before.value):
        return
    change = Fraction(now.value) / Fraction(before.value) - 1
    verb = "slowed" if change > 0 else "improved"
    sentence = (
        f"The median first touch {verb} from {duration(before.value)} to {duration(now.value)}"
        " of open time."
    )
    rule = "speed_changed" if change > 0 else "speed_improved"
    yield _weighed(rule, "speed", sentence, Side.SALES, min(abs(change), Fraction(9, 10)))


def _returns(week: Week) -> Iterator[Weighed]:
    total = sum(week.reasons.values())
    if not total:
        return
    reason = max(week.reasons, key=lambda name: (week.reasons[name], name))
    sentence = (
        f"Sales sent {_leads(total)} back or disqualified them; the reason given most was"
        f" {spoken(reason)} ({week.reasons[reason]})."
    )
    yield _weighed("returned", reason, sentence, None, Fraction(week.reasons[reason], total))


def _spent_in_vain(week: Week) -> Iterator[Weighed]:
    spends = [one for one in week.members("spend", "channel") if one.value and one.member]
    total = sum((Fraction(one.value or 0) for one in spends), Fraction(0))
    for one in spends:
        mqls = week.now.get(("mqls", "channel", one.member))
        if one.value is None or (mqls and mqls.value):
            continue
        money = worded(one.value, Unit.MONEY, currency=week.currency)
        sentence = f"{money} went into {spoken(one.member)} {week.this} and no MQL came of it."
        weight = Fraction(one.value) / total
        yield _weighed("spent_in_vain", one.member, sentence, Side.MARKETING, weight)


def _revenue(week: Week) -> Iterator[Weighed]:
    won, revenue = week.now.get(("won", ALL, "")), week.now.get(("revenue", ALL, ""))
    if not (won and won.value and revenue and revenue.value):
        return
    deals = "1 deal was" if won.value == 1 else f"{won.value:f} deals were"
    money = worded(revenue.value, Unit.MONEY, currency=week.currency)
    yield _weighed("won", "revenue", f"{deals} won, worth {money}.", Side.SALES, Fraction(1, 10))


def _all_kept(week: Week) -> Iterator[Weighed]:
    for side in Side:
        due = [
            one for one in week.promises if one.side is side and one.status is not Status.NOTHING
        ]
        if due and all(one.status is Status.KEPT for one in due):
            sentence = f"{side.value.capitalize()} kept all {len(due)} promises that were due."
            yield _weighed("all_kept", side.value, sentence, side, Fraction(1, 5))


def _heaviest_first(one: Weighed) -> tuple[Fraction, str]:
    return (-one.weight, one.finding.subject)


Rule = Callable[[Week], Iterable[Weighed]]

RULES: tuple[Rule, ...] = (
    _total_hides,
    _short_volume,
    _low_acceptance,
    _late_clocks,
    _slower,
    _returns,
    _spent_in_vain,
    _revenue,
    _all_kept,
)
"""The policy: what may become a finding of the week."""


_REMEDIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "volume_short": (
            (
                "Bring more MQLs of segment {subject}: move spend and campaigns to what has brought"
                " them before."
            ),
            "mqls_of_plan",
        ),
        "total_hides": (
            "Shift effort from the segments that are over their plan to segment {subject}.",
            "mqls_of_plan",
        ),
        "acceptance_low": (
            (
                "Read together what sales did not accept, and change the threshold or the rule"
                " that let it through."
            ),
            "acceptance",
        ),
        "clocks_late": (
            (
                "Look at the late {subject} clocks one by one (load, absence or habit) and agree"
                " what changes."
            ),
            "sla_met_share",
        ),
        "speed_changed": (
            "Find where the wait grew: who was late, at which hours, under what load.",
            "speed_to_lead_business",
        ),
        "returned": (
            "Agree what would have kept {subject} out: the definition, the score or nurture.",
            "return_rate",
        ),
        "spent_in_vain": (
            "Stop or change what is spent on {subject} until an MQL comes of it.",
            "cost_per_mql",
        ),
    }
)
"""What to do about a finding, and the metric that it should move."""


def _weighed(
    rule: str, subject: str, sentence: str, side: Side | None, weight: Fraction
) -> Weighed:
    remedy, moves = _REMEDIES.get(rule, ("", ""))
    if side is not None and moves == "sla_met_share":
        moves = clock_metric(side, moves)
    remedy = remedy.format(subject=spoken(subject))
    finding = Finding(rule=f"week.{rule}", subject=subject, sentence=sentence, remedy=remedy)
    return Weighed(finding=finding, side=side, weight=Fraction(weight), moves=moves)


def _urgency(promise: Promise) -> Fraction:
    """A missed promise outweighs one that can still be kept."""
    return promise.gap + (1 if promise.status is Status.MISSED else 0)


def _tenths(number: Fraction) -> str:
    return f"{plain(shown(quotient(number, 1), 1)):f}"


def _of(share: Fraction | None) -> Decimal | None:
    return None if share is None else quotient(share, 1)


def _leads(count: int) -> str:
    return "1 lead" if count == 1 else f"{count} leads"

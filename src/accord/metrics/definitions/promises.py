"""What the agreement promises: clocks kept, speed to lead, acceptance and returns."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from accord.metrics.definition import Direction, Metric, Part, Placing, Unit
from accord.records import Side

_HALF, _NINE_TENTHS = Decimal("0.5"), Decimal("0.9")
_HANDED = {"stage": ("mql",)}


def _clocks(at: str, **where: tuple[object, ...]) -> Part:
    return Part(frame="clocks", at=at, where=where)


def _kept_share(name: str, title: str, owner: Side, *, terms: tuple[str, ...] = ()) -> Metric:
    """Share of clocks met in time, among those of which it is certain."""
    only = {"term": terms} if terms else {"side": (owner.value,)}
    what = f"{terms[0]} clocks" if terms else f"clocks of all terms of {owner.value}"
    return Metric(
        name=name,
        title=title,
        formula=(
            f"{what} met at or before due / (met at or before due + breached);"
            " a clock counts when it is met, or runs out"
        ),
        grain="clock",
        unit=Unit.SHARE,
        owner=owner,
        direction=Direction.UP,
        requirements=("A062", "A063", "A068"),
        numerator=_clocks("settled_us", verdict=("met",), **only),
        denominator=_clocks("settled_us", verdict=("met", "breached"), **only),
        weekly=("term", "team", "rep"),
    )


def _speed(name: str, *, column: str, share: Decimal, aliases: tuple[str, ...] = ()) -> Metric:
    wall = column == "wall_us"
    kind = "wall-clock" if wall else "open"
    which = "Median" if share == _HALF else "90th percentile"
    whose = "" if wall else " of the clock's calendar, or its owner's"
    return Metric(
        name=name,
        title=f"Speed to lead, {kind} minutes ({which.lower()})",
        formula=(
            f"{which} (linear interpolation) of {kind} minutes{whose} from assigned to the first"
            " touch, of first_touch clocks met, by the instant of the touch"
        ),
        grain="first_touch clock met",
        unit=Unit.MINUTES,
        owner=Side.SALES,
        direction=Direction.DOWN,
        requirements=("A067", "A130"),
        numerator=Part(
            frame="clocks",
            at="ended_us",
            where={"term": ("first_touch",), "ended_by": ("met",)},
            value=column,
        ),
        quantile=share,
        aliases=aliases,
        weekly=("team", "rep"),
    )


_ACCEPTANCE = Metric(
    name="acceptance",
    title="Acceptance",
    formula="hand-overs at mql accepted by the period's end / hand-overs at mql assigned in it",
    grain="hand-over at mql",
    unit=Unit.SHARE,
    owner=Side.MARKETING,
    direction=Direction.UP,
    requirements=("A010", "A068"),
    numerator=Part(frame="handoffs", at="assigned_us", where=_HANDED, then="accepted_us"),
    denominator=Part(frame="handoffs", at="assigned_us", where=_HANDED),
    weekly=("team", "rep"),
)

_RETURN_RATE = Metric(
    name="return_rate",
    title="Return rate",
    formula=(
        "hand-overs at mql that ended returned or disqualified / hand-overs at mql that ended;"
        " by reason: each reason's part of all that ended"
    ),
    grain="hand-over at mql",
    unit=Unit.SHARE,
    owner=Side.MARKETING,
    direction=Direction.DOWN,
    requirements=("A094", "A129"),
    numerator=Part(
        frame="handoffs",
        at="ended_us",
        where={**_HANDED, "outcome": ("returned", "disqualified")},
    ),
    denominator=Part(frame="handoffs", at="ended_us", where=_HANDED),
    parted_by=("reason",),
    weekly=("reason", "team", "rep", "campaign"),
)


def _clock_count(
    owner: Side, name: str, title: str, formula: str, direction: Direction, part: Part
) -> Metric:
    """Clocks of one side: sales' by their plain name, marketing's with the side before it."""
    ours = owner is Side.SALES
    return Metric(
        name=name if ours else f"{owner.value}_{name}",
        title=title if ours else f"{title}, {owner.value}",
        formula=f"{owner.value}'s {formula}",
        grain="clock",
        unit=Unit.COUNT,
        owner=owner,
        direction=direction,
        requirements=("A062", "A063"),
        numerator=replace(part, where={**part.where, "side": (owner.value,)}),
        weekly=("term", "team", "rep"),
    )


_COUNTED = (
    ("clocks_started", "Clocks started", "clocks that started", Direction.NONE,
     _clocks("started_us")),
    ("clocks_met", "Clocks met in time", "clocks met at or before due", Direction.UP,
     _clocks("settled_us", verdict=("met",))),
    ("clocks_breached", "Clocks breached", "clocks that ran out unmet; those met late too",
     Direction.DOWN, _clocks("settled_us", verdict=("breached",))),
    ("clocks_running", "Clocks running", "clocks started and not ended, at the period's end",
     Direction.NONE,
     Part(frame="clocks", at="started_us", until="ended_us", placing=Placing.STOCK)),
    ("clocks_overdue", "Clocks overdue",
     "clocks past due and still not ended, at the period's end", Direction.DOWN,
     Part(frame="clocks", at="settled_us", until="ended_us", placing=Placing.STOCK,
          where={"verdict": ("breached",)})),
)  # fmt: skip

_COUNTS = tuple(
    _clock_count(side, *row) for side in (Side.SALES, Side.MARKETING) for row in _COUNTED
)

_HANDED_OVER = Metric(
    name="handed_over",
    title="Handed over",
    formula="hand-overs at mql to which an owner was set",
    grain="hand-over at mql",
    unit=Unit.COUNT,
    owner=Side.MARKETING,
    direction=Direction.UP,
    requirements=("A031",),
    numerator=Part(frame="handoffs", at="assigned_us", where=_HANDED),
    weekly=("team", "rep"),
)

_WAITING = Metric(
    name="waiting",
    title="Waiting for a rep",
    formula="hand-overs queued and neither assigned nor ended, at the period's end",
    grain="hand-over",
    unit=Unit.COUNT,
    owner=Side.SALES,
    direction=Direction.DOWN,
    requirements=("A115",),
    numerator=Part(frame="handoffs", at="queued_us", until="left_us", placing=Placing.STOCK),
)

_TOUCHES = Metric(
    name="touches",
    title="Touches",
    formula="attempts by sales to reach a lead, automatic ones left out",
    grain="touch",
    unit=Unit.COUNT,
    owner=Side.SALES,
    direction=Direction.NONE,
    requirements=("A136",),
    numerator=Part(frame="touches", at="at_us"),
    weekly=("rep",),
)

_CONNECT_RATE = Metric(
    name="connect_rate",
    title="Connect rate",
    formula="touches with outcome connected / touches",
    grain="touch",
    unit=Unit.SHARE,
    owner=Side.SALES,
    direction=Direction.UP,
    requirements=("A136",),
    numerator=Part(frame="touches", at="at_us", where={"outcome": ("connected",)}),
    denominator=Part(frame="touches", at="at_us"),
    weekly=("rep",),
)

PROMISES = (
    _HANDED_OVER,
    _WAITING,
    _ACCEPTANCE,
    _RETURN_RATE,
    _speed("speed_to_lead", column="wall_us", share=_HALF, aliases=("speed_to_lead_wall",)),
    _speed(
        "speed_to_lead_p90",
        column="wall_us",
        share=_NINE_TENTHS,
        aliases=("speed_to_lead_wall_p90",),
    ),
    _speed("speed_to_lead_business", column="business_us", share=_HALF),
    _speed("speed_to_lead_business_p90", column="business_us", share=_NINE_TENTHS),
    _kept_share("sla_met_share", "SLA met, all terms", Side.SALES),
    _kept_share("marketing_sla_met_share", "SLA met, all terms, marketing", Side.MARKETING),
    _kept_share("first_touch_met_share", "First touch in time", Side.SALES, terms=("first_touch",)),
    _kept_share("qualify_met_share", "Qualified in time", Side.SALES, terms=("qualify",)),
    _kept_share("opportunity_met_share", "Opportunity in time", Side.SALES, terms=("opportunity",)),
    _kept_share("nurture_met_share", "Nurtured in time", Side.MARKETING, terms=("nurture",)),
    *_COUNTS,
    _TOUCHES,
    _CONNECT_RATE,
)

"""How leads are followed up: the playbook kept, attempts by kind, and how long until a deal."""

from __future__ import annotations

from decimal import Decimal

from accord.metrics.definition import Direction, Metric, Part, Unit
from accord.records import Channel, Side

_HANDED = {"stage": ("mql",)}


def _steps(**where: tuple[object, ...]) -> Part:
    return Part(frame="followups", at="settled_us", where=where)


_ON_TIME = Metric(
    name="cadence_on_time_share",
    title="Cadence kept",
    formula=(
        "steps of the cadence done at or before due / steps due, done or not; a step counts when it"
        " is done in time, or runs out; those that were not needed any more do not count"
    ),
    grain="step of a hand-over's cadence",
    unit=Unit.SHARE,
    owner=Side.SALES,
    direction=Direction.UP,
    requirements=("A069", "A079", "A081"),
    numerator=_steps(verdict=("kept",)),
    denominator=_steps(verdict=("kept", "broken")),
    aliases=("cadence_compliance",),
    weekly=("step", "team", "rep"),
)

_PER_HANDOFF = Metric(
    name="attempts_per_handoff",
    title="Attempts per hand-over",
    formula=(
        "attempts of the owners of hand-overs at mql that ended / those hand-overs; automatic"
        " replies are no attempts"
    ),
    grain="hand-over at mql",
    unit=Unit.MEAN,
    owner=Side.SALES,
    direction=Direction.NONE,
    requirements=("A080",),
    numerator=Part(frame="attempted", at="ended_us", where=_HANDED, value="attempts"),
    denominator=Part(frame="attempted", at="ended_us", where=_HANDED),
    weekly=("team", "rep"),
)


def _kind_share(channel: Channel) -> Metric:
    """Share of attempts by one channel, of all attempts."""
    return Metric(
        name=f"{channel.value}_share",
        title=f"Attempts by {channel.value}",
        formula=f"touches by {channel.value} / touches; automatic ones left out",
        grain="touch",
        unit=Unit.SHARE,
        owner=Side.SALES,
        direction=Direction.NONE,
        requirements=("A080",),
        numerator=Part(frame="touches", at="at_us", where={"kind": (channel.value,)}),
        denominator=Part(frame="touches", at="at_us"),
        weekly=("team", "rep"),
    )


_CONTACT_TO_CLOSE = Metric(
    name="contact_to_close_days",
    title="Days from first contact to close (median)",
    formula=(
        "median of days from the first touch of the lead with outcome connected to the closing, of"
        " deals won that came from a lead reached by then"
    ),
    grain="deal",
    unit=Unit.DAYS,
    owner=Side.SALES,
    direction=Direction.DOWN,
    requirements=("A080",),
    numerator=Part(frame="closings", at="closed_us", where={"state": ("won",)}, value="contact_us"),
    quantile=Decimal("0.5"),
    weekly=("team", "rep"),
)

CADENCE = (_ON_TIME, _PER_HANDOFF, *(_kind_share(each) for each in Channel), _CONTACT_TO_CLOSE)

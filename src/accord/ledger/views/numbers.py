"""Views of the stored numbers: by week, month and day the newest, and the log of all revisions."""

from __future__ import annotations

from accord.ledger.views.columns import count, date, flag, instant, number, text
from accord.ledger.views.definition import ByStore, Column, View

# The first ISO week holds 4 January; from its day back to Monday, then on by whole weeks.
_MONDAY = ByStore(
    sqlite=(
        "date(substr(metric.period, 1, 4) || '-01-04',"
        " '-' || ((strftime('%w', substr(metric.period, 1, 4) || '-01-04') + 6) % 7) || ' days',"
        " '+' || ((CAST(substr(metric.period, 7, 2) AS INTEGER) - 1) * 7) || ' days')"
    ),
    postgresql="to_date(metric.period, 'IYYY-\"W\"IW')",
)
_FIRST = ByStore(sqlite="metric.period || '-01'", postgresql="CAST(metric.period || '-01' AS date)")
_ITSELF = ByStore(sqlite="metric.period", postgresql="CAST(metric.period AS date)")
_LENGTHS = (("week", 8, _MONDAY), ("month", 7, _FIRST), ("day", 10, _ITSELF))

_NEWEST = (
    "NOT EXISTS (SELECT 1 FROM metric AS newer WHERE newer.period = metric.period"
    " AND newer.metric = metric.metric AND newer.dimension = metric.dimension"
    " AND newer.member = metric.member AND newer.revision > metric.revision)"
)


def _columns(starts_on: ByStore) -> tuple[Column, ...]:
    return (
        text("period", "metric.period", "the period's name: 2026-W46, 2026-11, 2026-11-21"),
        date("starts_on", starts_on, "its first day, in the agreement's zone"),
        text("metric", "metric.metric", "the metric's name, as docs/metrics.md defines it"),
        text("dimension", "metric.dimension", "what it is cut by: all, segment, channel, ..."),
        text("member", "metric.member", "which one of them; empty for all and for none"),
        number("numerator", "metric.numerator", "what is divided, or counted; null is missing"),
        number("denominator", "metric.denominator", "what it is divided by, where it is"),
        number("value", "metric.value", "the number; null is missing, 0 is zero"),
        number("low", "metric.low", "of a counted share: lower end of its Wilson interval of 95 %"),
        number("high", "metric.high", "its upper end"),
        flag("partial", "metric.partial", "the period was still running"),
        count("revision", "metric.revision", "1, and one more each time a closed one is restated"),
        instant("computed_at", "metric.computed_at", "as of when it was computed"),
    )


def _newest(cut: str, length: int, starts_on: ByStore) -> View:
    return View(
        name=f"v_metric_{cut}",
        grain=f"a {cut}, metric, dimension and member: the newest revision of the number",
        note="Shares and means do not add up: divide summed numerators by summed denominators.",
        columns=_columns(starts_on),
        source=f"FROM metric WHERE length(metric.period) = {length} AND {_NEWEST}",
    )


def _by_length(of: dict[str, str]) -> str:
    parts = " ".join(f"WHEN {length} THEN {of[cut]}" for cut, length, _ in _LENGTHS)
    return f"CASE length(metric.period) {parts} END"


METRIC_WEEK, METRIC_MONTH, METRIC_DAY = (_newest(*one) for one in _LENGTHS)

METRIC_REVISION = View(
    name="v_metric_revision",
    grain="a revision of a number: the log of what was restated",
    columns=(
        text("cut", _by_length({cut: f"'{cut}'" for cut, _, _ in _LENGTHS}), "week, month, day"),
        *_columns(
            ByStore(
                sqlite=_by_length({cut: starts_on.sqlite for cut, _, starts_on in _LENGTHS}),
                postgresql=_by_length(
                    {cut: starts_on.postgresql for cut, _, starts_on in _LENGTHS}
                ),
            )
        ),
        flag("is_newest", _NEWEST, "no later revision has taken its place"),
    ),
    source="FROM metric",
)

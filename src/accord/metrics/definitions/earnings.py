"""What marketing is paid, and the won revenue that leads back to what it handed over."""

from __future__ import annotations

from accord.metrics.definition import Direction, Metric, Part, Unit
from accord.records import Side

_WON = Part(
    frame="earnings", at="at_us", where={"kind": ("won_revenue",)}, value="base_cents"
)  # fmt: skip

EARNINGS = (
    Metric(
        name="commission",
        title="Commission of marketing",
        formula=(
            "the agreed sum for each hand-over at mql that sales accepted, by its entry into sal,"
            " and the agreed share of each deal won that leads back to a hand-over at mql, by its"
            " closing; the rates in force then, each rounded half up to the cent"
        ),
        grain="accepted hand-over at mql, or won deal",
        unit=Unit.MONEY,
        owner=Side.MARKETING,
        direction=Direction.UP,
        requirements=("A048",),
        numerator=Part(frame="earnings", at="at_us", value="amount_cents"),
        weekly=("marketing_team", "campaign"),
    ),
    Metric(
        name="traced_revenue",
        title="Revenue traced to marketing",
        formula=(
            "sum of the amounts of deals won whose lead was handed over at mql in a cycle begun at"
            " or before the deal's opening, by the day they closed; channel and campaign are those"
            " of the hand-over"
        ),
        grain="deal",
        unit=Unit.MONEY,
        owner=Side.MARKETING,
        direction=Direction.UP,
        requirements=("A048", "A133"),
        numerator=_WON,
        weekly=("marketing_team", "campaign"),
    ),
)

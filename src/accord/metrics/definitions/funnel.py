"""How many leads entered each stage, and how many came back."""

from __future__ import annotations

from accord.metrics.definition import Direction, Metric, Part, Unit
from accord.records import Side

NEW_LEADS = Part(frame="leads", at="created_us")


def entered(mark: str, **where: tuple[object, ...]) -> Part:
    """Entries into a stage, or into a step within one."""
    return Part(frame="entries", at="at_us", where={"mark": (mark,), **where})


def _count(  # noqa: PLR0913  one argument a column of the definition
    name: str,
    *,
    title: str,
    formula: str,
    owner: Side,
    direction: Direction,
    part: Part,
    requirements: tuple[str, ...],
    grain: str = "entry of a lead into a stage",
    weekly: tuple[str, ...] = (),
) -> Metric:
    return Metric(
        name=name,
        title=title,
        formula=formula,
        grain=grain,
        unit=Unit.COUNT,
        owner=owner,
        direction=direction,
        requirements=requirements,
        numerator=part,
        weekly=weekly,
    )


FUNNEL_COUNTS = (
    _count(
        "new_leads",
        title="New leads",
        formula="leads whose record entered the database in the period; merged records count once",
        grain="lead",
        owner=Side.MARKETING,
        direction=Direction.UP,
        requirements=("A002",),
        part=NEW_LEADS,
    ),
    _count(
        "engaged",
        title="Engaged",
        formula="entries into engaged",
        owner=Side.MARKETING,
        direction=Direction.UP,
        requirements=("A003",),
        part=entered("engaged"),
    ),
    _count(
        "targets",
        title="Targets",
        formula="entries into target",
        owner=Side.MARKETING,
        direction=Direction.UP,
        requirements=("A004",),
        part=entered("target"),
    ),
    _count(
        "mqls",
        title="MQLs",
        formula="entries into mql; each cycle of a lead counts",
        owner=Side.MARKETING,
        direction=Direction.UP,
        requirements=("A005", "A101"),
        part=entered("mql"),
        weekly=("team", "rep"),
    ),
    _count(
        "accepted",
        title="Accepted",
        formula="entries into sal: sales works the lead",
        owner=Side.SALES,
        direction=Direction.UP,
        requirements=("A010",),
        part=entered("sal"),
        weekly=("team", "rep"),
    ),
    _count(
        "sqls",
        title="SQLs",
        formula="entries into sql: handed to an account executive",
        owner=Side.SALES,
        direction=Direction.UP,
        requirements=("A006", "A012"),
        part=entered("sql"),
        weekly=("team", "rep"),
    ),
    _count(
        "proposals",
        title="Proposals",
        formula="deals' entries into the step proposal",
        owner=Side.SALES,
        direction=Direction.UP,
        requirements=("A012", "A119"),
        part=entered("proposal"),
        weekly=("team", "rep"),
    ),
    _count(
        "contractings",
        title="Contractings",
        formula="deals' entries into the step contracting",
        owner=Side.SALES,
        direction=Direction.UP,
        requirements=("A012", "A119"),
        part=entered("contracting"),
        weekly=("team", "rep"),
    ),
    _count(
        "customers",
        title="Leads that bought",
        formula="entries of leads into customer",
        owner=Side.SALES,
        direction=Direction.UP,
        requirements=("A008",),
        part=entered("customer"),
        weekly=("team", "rep"),
    ),
    _count(
        "returned",
        title="Returned",
        formula="entries into nurture sent back from sales before an opportunity",
        owner=Side.SALES,
        direction=Direction.DOWN,
        requirements=("A083", "A094", "A129"),
        part=entered("nurture", programme=("returned",)),
        weekly=("team", "rep"),
    ),
    _count(
        "deferred",
        title="Deferred",
        formula="entries into deferred: sales will come back to the lead on a date",
        owner=Side.SALES,
        direction=Direction.NONE,
        requirements=("A088",),
        part=entered("deferred"),
    ),
    _count(
        "disqualified",
        title="Disqualified",
        formula="entries into disqualified",
        owner=Side.SALES,
        direction=Direction.DOWN,
        requirements=("A060",),
        part=entered("disqualified"),
    ),
)

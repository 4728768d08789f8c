"""Hand-offs that an agreement would have decided week by week, and what reps can take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from accord.agreement import Agreement
from accord.conditions import put_beside
from accord.metrics import Period, parse_week, week_label, week_named, week_of
from accord.records import Role, to_us
from accord.scoring import ROLLUP_COLUMNS, roll_up
from accord.services.replay import Then
from accord.services.rescore_moments import score_moments

Lazy = nw.LazyFrame[Any]

_WEEKS = 12


def weeks_before(as_of: datetime, zone: str) -> tuple[Period, ...]:
    """Return the last twelve whole ISO weeks before the one that ``as_of`` lies in, in order."""
    monday = parse_week(week_of(as_of, zone).label)
    starts = (monday - timedelta(weeks=back) for back in range(_WEEKS, 0, -1))
    return tuple(week_named(week_label(day), zone) for day in starts)


def count_handoffs(
    then: Then,
    weeks: Sequence[Period],
    *,
    leads: pa.Table,
    settled: pa.Table,
    fits: pa.Table,
    rows: Lazy,
) -> tuple[int, ...]:
    """Count the leads that would have been handed over in each of these weeks.

    A lead counts once, in the week in which it first crosses the mql threshold upwards within them:
    whom sales has is not handed over again unless it sends him back, which another agreement's
    history does not tell. Who held the threshold when the weeks began, or came to hold it only
    after he had bought or was disqualified (``settled``), does not count. ``leads``: lead_id and
    created_us.
    """
    edges = [to_us(weeks[0].start), *(to_us(week.end) for week in weeks)]
    begun = nw.col("last_us") > edges[0]
    spans = _spans(rows.filter(begun), leads, settled, first_us=edges[0], last_us=edges[-1])
    known = nw.concat([_rolled_up(then.agreement, rows, weeks[0].start), rows.filter(begun)])
    moments = score_moments(then, fits=fits, rows=known, spans=spans).to_native()
    first = moments.filter("mql").aggregate("lead_id, min(at_us) AS at_us", "lead_id")
    crossed = first.filter(f"at_us > {edges[0]}").select("at_us").to_arrow_table()
    places = np.searchsorted(edges, crossed["at_us"].to_numpy(), side="right") - 1
    return tuple(int(count) for count in np.bincount(places, minlength=len(weeks)))


def _spans(
    happened: Lazy, leads: pa.Table, settled: pa.Table, *, first_us: int, last_us: int
) -> Any:
    """Return when each lead is looked at: only who did something in the weeks, or came in them.

    The first moment of a lead that was there before is the beginning of the weeks.
    """
    ours = put_beside(happened, leads).join(put_beside(happened, settled), "lead_id", how="left")
    active = happened.select("lead_id").unique()
    came = ours.filter(nw.col("created_us") > first_us)
    was = ours.filter(nw.col("created_us") <= first_us).join(active, "lead_id", how="semi")
    until = nw.min_horizontal(nw.col("settled_us").fill_null(last_us), nw.lit(last_us))
    since = nw.max_horizontal(nw.col("created_us"), nw.lit(first_us))
    return nw.concat([came, was]).select("lead_id", from_us=since, until_us=until).to_native()


def _rolled_up(agreement: Agreement, rows: Lazy, until: datetime) -> Lazy:
    """Sum up what had happened when the weeks began: it is a part of every moment in them."""
    before = rows.filter(nw.col("last_us") <= to_us(until))
    activities = before.select("lead_id", "kind", occurred_us="last_us")
    return roll_up(activities, agreement, as_of=until).select(*ROLLUP_COLUMNS)


def weekly_capacity(
    reps: Iterable[Mapping[str, Any]], agreement: Agreement, week: Period
) -> int | None:
    """Return how many leads the development reps may be given in a week, None if none is known.

    ``reps`` are rows of the ledger; who had left when the week began is not counted. Absences are
    not looked at: it is what all of them could take.
    """
    own = [
        agreement.handoff.capacity.per_week if rep["per_week"] is None else rep["per_week"]
        for rep in reps
        if _is_there(rep, agreement, week)
    ]
    return sum(own) if own else None


def _is_there(rep: Mapping[str, Any], agreement: Agreement, week: Period) -> bool:
    team = agreement.teams.get(rep["team"])
    develops = team is not None and team.role is Role.SDR and rep["role"] == Role.SDR.value
    return develops and (rep["left_at"] is None or rep["left_at"] > week.start)

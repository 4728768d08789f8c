"""Hand-offs that an agreement would have decided week by week, and what reps can take."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accord.agreement import Agreement
from accord.metrics import Period, parse_week, week_label, week_named, week_of
from accord.records import Role, to_us
from accord.scoring import ROLLUP_COLUMNS, roll_up
from accord.services.rescore_moments import Trial, score_moments
from accord.services.rescore_reach import within_reach
from accord.services.unlike import leads_among

Lazy = nw.LazyFrame[Any]

_WEEKS = 12


def weeks_before(as_of: datetime, zone: str) -> tuple[Period, ...]:
    """Return the last twelve whole ISO weeks before the one that ``as_of`` lies in, in order."""
    monday = parse_week(week_of(as_of, zone).label)
    starts = (monday - timedelta(weeks=back) for back in range(_WEEKS, 0, -1))
    return tuple(week_named(week_label(day), zone) for day in starts)


def count_handoffs(
    trial: Trial, weeks: Sequence[Period], *, leads: pa.Table, settled: pa.Table
) -> tuple[int, ...]:
    """Count the leads that would have been handed over in each of these weeks.

    A lead counts once, in the week in which it first crosses the mql threshold upwards within them:
    whom sales has is not handed over again unless it sends him back, which another agreement's
    history does not tell. Who held the threshold when the weeks began, or came to hold it only
    after he had bought or was disqualified (``settled``), does not count; who had held it before
    and had faded below it by then does. ``leads``: lead_id and created_us.
    """
    edges = [to_us(weeks[0].start), *(to_us(week.end) for week in weeks)]
    told = trial.rows.filter(nw.col("last_us") < edges[-1])
    in_reach = leads_among(leads, within_reach(trial, told))
    ours = told.join(trial.on(in_reach), on="lead_id", how="semi")
    inside = ours.filter(nw.col("last_us") > edges[0])
    active = inside.select("lead_id").unique().to_native().to_arrow_table()["lead_id"]
    spans = _spans(in_reach, settled, active, first_us=edges[0], last_us=edges[-1])
    known = nw.concat([_rolled_up(trial, ours, weeks[0].start), inside])
    moments = score_moments(trial, spans, rows=known).to_native()
    first = moments.filter("mql").aggregate("lead_id, min(at_us) AS at_us", "lead_id")
    crossed = first.filter(f"at_us > {edges[0]}").select("at_us").to_arrow_table()
    places = np.searchsorted(edges, crossed["at_us"].to_numpy(), side="right") - 1
    return tuple(int(count) for count in np.bincount(places, minlength=len(weeks)))


def _spans(
    leads: pa.Table, settled: pa.Table, active: Any, *, first_us: int, last_us: int
) -> pa.Table:
    """Return when each lead is looked at: only who did something in the weeks, or came in them.

    The first moment of a lead that was there before is the beginning of the weeks.
    """
    came = pc.greater(leads["created_us"], first_us)
    is_active = pc.is_in(leads["lead_id"], value_set=active)
    asked = leads.filter(pc.or_(came, is_active))
    at = pc.index_in(asked["lead_id"], value_set=settled["lead_id"])
    until = pc.min_element_wise(settled["settled_us"].take(at), last_us)  # a null is left out
    since = pc.max_element_wise(asked["created_us"], first_us)
    return pa.table({"lead_id": asked["lead_id"], "from_us": since, "until_us": until})


def _rolled_up(trial: Trial, rows: Lazy, until: datetime) -> Lazy:
    """Sum up what had happened when the weeks began: it is a part of every moment in them."""
    before = rows.filter(nw.col("last_us") <= to_us(until))
    activities = before.select("lead_id", "kind", occurred_us="last_us")
    return roll_up(activities, trial.then.agreement, as_of=until).select(*ROLLUP_COLUMNS)


def weekly_capacity(
    reps: Iterable[Mapping[str, Any]], agreement: Agreement, week: Period
) -> int | None:
    """Return how many leads the development reps may be given in a week, None if none is known.

    Both capacities of a rep bind, his own or else the agreement's: he takes what he may in a week,
    or the week's days' share of what he may in a month (of the agreement's zone) if that is less,
    in whole leads. ``reps`` are rows of the ledger; who had left when the week began is not
    counted. Absences are not looked at: it is what all of them could take.
    """
    share = _share_of_month(parse_week(week.label))
    own = [_takes(rep, agreement, share) for rep in reps if _is_there(rep, agreement, week)]
    return sum(own) if own else None


def _takes(rep: Mapping[str, Any], agreement: Agreement, share: Fraction) -> int:
    agreed = agreement.handoff.capacity
    per_week = agreed.per_week if rep["per_week"] is None else rep["per_week"]
    per_month = agreed.per_month if rep["per_month"] is None else rep["per_month"]
    return min(int(per_week), int(per_month * share))


def _share_of_month(monday: date) -> Fraction:
    """Return which part of a month a week is; each of its days is a part of its own month."""
    days = (monday + timedelta(days=number) for number in range(7))
    return sum((Fraction(1, monthrange(day.year, day.month)[1]) for day in days), Fraction())


def _is_there(rep: Mapping[str, Any], agreement: Agreement, week: Period) -> bool:
    team = agreement.teams.get(rep["team"])
    develops = team is not None and team.role is Role.SDR and rep["role"] == Role.SDR.value
    return develops and (rep["left_at"] is None or rep["left_at"] > week.start)

"""Leads whose end is known, and whom an agreement would have sent to sales before it.

An end is what sources state: a deal won or lost, a lead disqualified. Who was never worked has
none, so what is said here is about the leads that sales has seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import pyarrow as pa

from accord.evaluation import Evaluation, evaluate
from accord.scoring import to_lazy
from accord.services.merges import Merges
from accord.services.rescore_moments import Trial, on, score_moments
from accord.services.unlike import leads_among


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """How it ended with leads, as tables of one row a lead.

    ``past``: lead_id, won, ended_us, of each lead whose outcome is known. ``settled``: lead_id,
    settled_us, of each lead that nobody would hand over any more, and from when on: it has bought,
    or was disqualified.
    """

    past: pa.Table
    settled: pa.Table

    def among(self, lead_ids: pa.ChunkedArray) -> Ends:
        """Return the ends of these leads."""
        ids = lead_ids.combine_chunks()
        return Ends(past=leads_among(self.past, ids), settled=leads_among(self.settled, ids))


def find_ends(stated: pa.Table, merges: Merges, *, connection: Any, as_of_us: int) -> Ends:
    """Say of each lead how it ended, from what sources state (``ledger.outcome_rows``).

    A lead that was ever won is a winner, from its first deal won. Else its end is its
    disqualification, else its last deal lost, unless it is open (a deal, or by its own status where
    it has none): that may still be won.
    What is stated of a merged lead is its root's. Where somebody says when a lead came to an end, a
    status without a date (``is_dated`` false; without that column all are dated) of the same end
    tells nothing more. Nothing after ``as_of_us`` counts. ``connection`` is DuckDB's.
    """
    own = _of_roots(_timed(stated), merges, connection=connection).to_native()
    exact = own.select(f"*, {_DATED_TOO} AS dated_too").filter("is_dated OR NOT dated_too")
    by_lead = exact.filter(f"at_us <= {as_of_us}").aggregate(_BY_LEAD, "lead_id")
    past = by_lead.filter("won_us IS NOT NULL OR (lost_us IS NOT NULL AND deals_open = 0)")
    settled = by_lead.select("lead_id, least(won_us, disqualified_us) AS settled_us")
    return Ends(
        past=past.select(_PAST).to_arrow_table(),
        settled=settled.filter("settled_us IS NOT NULL").to_arrow_table(),
    )


def _timed(stated: pa.Table) -> pa.Table:
    timed = stated.set_column(2, "at_us", stated["at"].cast(pa.int64()))
    if "is_dated" in timed.column_names:
        return timed
    return timed.append_column("is_dated", pa.repeat(pa.scalar(value=True), timed.num_rows))


def _of_roots(ends: pa.Table, merges: Merges, *, connection: Any) -> nw.LazyFrame[Any]:
    """Give what is stated of merged leads to their roots."""
    roots = pa.table({"lead_id": list(merges.into), "root": list(merges.into.values())}, _ROOTS)
    found = on(connection, ends).join(on(connection, roots), on="lead_id", how="left")
    return found.with_columns(lead_id=nw.coalesce("root", "lead_id"))


_ROOTS = pa.schema([("lead_id", pa.string()), ("root", pa.string())])
_DATED_TOO = "bool_or(is_dated) OVER (PARTITION BY lead_id, stage)"
_BY_LEAD = """
    lead_id,
    min(at_us) FILTER (stage = 'customer') AS won_us,
    min(at_us) FILTER (stage = 'disqualified') AS disqualified_us,
    max(at_us) FILTER (stage IN ('lost', 'disqualified')) AS lost_us,
    count(*) FILTER (stage = 'opportunity') AS deals_open
"""
_PAST = """
    lead_id, won_us IS NOT NULL AS won, coalesce(won_us, disqualified_us, lost_us) AS ended_us
"""


def evaluate_past(trial: Trial, past: pa.Table, *, leads: pa.Table) -> Evaluation:
    """Say whom the agreement would have sent of the past leads, and what became of them.

    Sent is who held the mql threshold at any moment before the end, not only now: scores fade.
    ``leads`` has lead_id and created_us, ``past`` as :func:`find_ends` gives it, of these leads.
    """
    ended = trial.on(past)
    looked_at = ended.join(trial.on(leads), on="lead_id")
    spans = looked_at.select("lead_id", from_us="created_us", until_us="ended_us")
    moments = score_moments(trial, spans.to_native().to_arrow_table())
    best = moments.to_native().aggregate(_BEST, "lead_id").select(_AT_BEST)
    judged = ended.join(to_lazy(best), on="lead_id", how="left")
    table = judged.to_native().select(_OR_NEVER).to_arrow_table()
    return evaluate(table, version=trial.then.agreement.version)


_BEST = """
    lead_id, bool_or(mql) AS sent,
    max({'hot': hot, 'intent': intent, 'engagement': engagement, 'fit': fit}) AS best
"""
_AT_BEST = "lead_id, sent, best.hot, best.intent, best.engagement, best.fit"
_OR_NEVER = """
    lead_id, won, coalesce(sent, false) AS sent, coalesce(hot, false) AS hot,
    coalesce(intent, 0) AS intent, coalesce(engagement, 0) AS engagement, coalesce(fit, 0) AS fit
"""

"""Two tables of scores of the same leads side by side: who moves, by what group, how they spread.

Columns in; values out, and the movers as columns, since they may be very many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accord.evaluation import Group, Movers, Spread
from accord.metrics import NONE
from accord.scoring import SCORES
from accord.services.unlike import leads_among, same_numbers

_BANDS = 10
_BAND_TENTHS = 100
_BEST_FIRST = [(name, "descending") for name in ("hot", "intent", "engagement", "fit")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Scores of the same leads under two agreements, row by row, in the order of lead_id.

    ``now`` and ``then`` as ``score_table`` gives them; ``leads``: lead_id, segment and channel.
    """

    leads: pa.Table
    now: pa.Table
    then: pa.Table

    @classmethod
    def of(cls, leads: pa.Table, *, now: pa.Table, then: pa.Table) -> Pair:
        """Put side by side the leads that all three tables have."""
        tables = [one.sort_by("lead_id") for one in (leads, now, then)]
        for other in tables:
            tables = [leads_among(one, other["lead_id"].combine_chunks()) for one in tables]
        return cls(leads=tables[0], now=tables[1], then=tables[2])

    def without(self, lead_ids: pa.ChunkedArray) -> Pair:
        """Leave these leads out."""
        kept = pc.invert(pc.is_in(self.leads["lead_id"], value_set=lead_ids))
        leads, now, then = (one.filter(kept) for one in (self.leads, self.now, self.then))
        return Pair(leads=leads, now=now, then=then)

    def changed(self) -> int:
        """Count the leads of which any score is another."""
        return _count(pc.invert(same_numbers(self.now, self.then)))

    def mql(self) -> tuple[int, int]:
        """Count the leads over the mql threshold, now and then."""
        return _count(self.now["mql"]), _count(self.then["mql"])

    def gained(self) -> Movers:
        """Return who would come over the mql threshold, those first that would be worked first."""
        return self._movers(self._gains, by=self.then)

    def lost(self) -> Movers:
        """Return who would fall below the mql threshold, those first that are worked first now."""
        return self._movers(self._losses, by=self.now)

    def groups(self, column: str, *, order: Sequence[str] = ()) -> tuple[Group, ...]:
        """Count by segment or channel: in the order given, the others after, most leads first."""
        counted = pa.table(
            {
                "name": self.leads[column].fill_null(NONE),
                "mql_now": self.now["mql"],
                "mql_then": self.then["mql"],
                "gained": self._gains,
                "lost": self._losses,
            }
        )
        sums = [(name, "sum") for name in counted.column_names[1:]]
        rows = counted.group_by("name").aggregate([("name", "count"), *sums]).to_pylist()
        groups = [_group(row) for row in rows]
        ranks = {name: place for place, name in enumerate(order)}
        last = len(ranks)
        by = sorted(groups, key=lambda one: (ranks.get(one.name, last), -one.leads, one.name))
        return tuple(by)

    def spreads(self) -> tuple[Spread, ...]:
        """Count the leads of each band of ten points, score by score."""
        return tuple(
            Spread(score=name, now=_bands(self.now[name]), then=_bands(self.then[name]))
            for name in SCORES
        )

    @property
    def _gains(self) -> Any:
        return pc.and_(self.then["mql"], pc.invert(self.now["mql"]))

    @property
    def _losses(self) -> Any:
        return pc.and_(self.now["mql"], pc.invert(self.then["mql"]))

    def _movers(self, mask: Any, *, by: pa.Table) -> Movers:
        places = pa.array(np.flatnonzero(mask.to_numpy()))
        order = pc.sort_indices(by.take(places), sort_keys=[*_BEST_FIRST, ("lead_id", "ascending")])
        chosen = places.take(order)
        about, now, then = (one.take(chosen) for one in (self.leads, self.now, self.then))
        sides = (("now", now), ("then", then))
        scores = {f"{name}_{side}": of[name] for side, of in sides for name in SCORES}
        columns = {name: about[name] for name in ("lead_id", "segment", "channel")}
        return Movers(rows=pa.table({**columns, **scores}))


def _count(mask: Any) -> int:
    return int(pc.sum(mask).as_py() or 0)


def _group(row: dict[str, Any]) -> Group:
    return Group(
        name=row["name"],
        leads=row["name_count"],
        mql_now=row["mql_now_sum"],
        mql_then=row["mql_then_sum"],
        gained=row["gained_sum"],
        lost=row["lost_sum"],
    )


def _bands(tenths: Any) -> tuple[int, ...]:
    bands = np.minimum(tenths.to_numpy() // _BAND_TENTHS, _BANDS - 1)
    return tuple(int(count) for count in np.bincount(bands, minlength=_BANDS))

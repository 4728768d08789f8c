"""What both the scores and their reasons are made of, worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import narwhals as nw

from accord.agreement import Agreement
from accord.scoring.frames import Lazy, Native, to_lazy
from accord.scoring.points import fit_expressions, weighed

_PREFIX = "fit:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workings:
    """The parts of all scores at one instant, lazily.

    ``fit``: one row a lead, lead_id and one column ``fit:<rule>`` a fit rule with its tenths, 0
    where it does not hold. ``weighed``: any number of rows a lead and scoring kind: lead_id, kind,
    count, last_us, and the weight at that instant.
    """

    fit: Lazy
    weighed: Lazy

    @property
    def rules(self) -> dict[str, str]:
        """The columns of ``fit``, each with the name of its rule."""
        columns = self.fit.collect_schema().names()
        return {name: name.removeprefix(_PREFIX) for name in columns if name != "lead_id"}


def work_out(leads: Native, rollup: Native, agreement: Agreement, *, as_of: datetime) -> Workings:
    """Work out what each rule adds and each row weighs for each lead; frames as for ``score``.

    On an eager backend (pandas, Polars, Arrow) this computes, and scores and reasons share it.
    """
    frame, parts = fit_expressions(to_lazy(leads), agreement)
    columns = {f"{_PREFIX}{name}": part for name, part in parts.items()}
    lead_id = nw.col("lead_id").cast(nw.String)
    return Workings(
        fit=frame.select(lead_id, **columns),
        weighed=weighed(to_lazy(rollup), agreement, as_of=as_of),
    )

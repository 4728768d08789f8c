"""Which leads a rescoring is about: all, those of some segments, or those that somebody names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from accord.agreement import Agreement
from accord.errors import InputError
from accord.identity import segment_fields, segments_of
from accord.ledger.version_rows import read_attributes_then
from accord.services.replay import Then, refuse_unknown
from accord.services.workspace import Workspace

_PLAIN = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype(), pa.string(): pd.StringDtype()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a rescoring is limited to: segments (none: all) and leads (None: all)."""

    segments: tuple[str, ...]
    lead_ids: tuple[str, ...] | None

    @classmethod
    def of(
        cls, agreement: Agreement, *, segments: Sequence[str], lead_ids: Sequence[str] | None
    ) -> Asked:
        """Take what was asked, each once; InputError with the segments that are not agreed."""
        names = [one.name for one in agreement.segments]
        unknown = [repr(one) for one in segments if one not in names]
        if unknown:
            raise InputError(
                where="segment",
                found=f"{', '.join(unknown)} in no agreement in force",
                expected=f"of version {agreement.version}: {', '.join(names)}",
            )
        own = None if lead_ids is None else tuple(dict.fromkeys(lead_ids))
        return cls(segments=tuple(dict.fromkeys(segments)), lead_ids=own)

    @property
    def is_limited(self) -> bool:
        """Whether some leads are left out."""
        return bool(self.segments) or self.lead_ids is not None


def read_asked(workspace: Workspace, then: Then, asked: Asked) -> pa.Table:
    """Read the leads that are asked for, of those that stood for themselves then.

    lead_id, channel, created_us, and segment by the agreement of ``then`` and the attributes known
    then. A merged lead is answered by the one that it counts for. InputError if one is unknown.
    """
    roots = then.leads["lead_id"]
    wanted = None
    if asked.lead_ids is not None:
        refuse_unknown(then, asked.lead_ids, where="leads")
        wanted = sorted({then.merges.root(one) for one in asked.lead_ids})
    fields = ("created_at", "channel", *segment_fields(then.agreement))
    with workspace.ledger.read() as connection:
        found = read_attributes_then(connection, wanted, fields, at=then.known_at)
    found = found.filter(pc.is_in(found["lead_id"], value_set=roots))
    segments = segments_of(found.to_pandas(types_mapper=_PLAIN.get), then.agreement)
    leads = pa.table(
        {
            "lead_id": found["lead_id"],
            "channel": found["channel"],
            "created_us": found["created_at"].cast(pa.int64()),
            "segment": pa.array(segments, pa.string()),
        }
    )
    if not asked.segments:
        return leads
    return leads.filter(pc.is_in(leads["segment"], value_set=pa.array(asked.segments)))

"""Scores of any instant again: activities, attributes and merges as they were known then.

Reads, and stores nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from accord.agreement import Agreement
from accord.errors import InputError
from accord.identity import segment_fields
from accord.ledger.version_rows import read_attributes_then
from accord.records import to_text
from accord.services.agreements import agreement_then
from accord.services.evidence import read_evidence
from accord.services.merges import Merges, read_merges_then
from accord.services.scored import Scored, fit_fields, score_leads, score_table
from accord.services.workspace import Workspace

_NAMED = 5
"""Unknown leads that an error names; the others are counted."""

_FEW = 20_000
"""Up to so many leads memory has less overhead than the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """What scores at ``as_of`` are made of, as it was known at ``known_at``.

    ``leads``: one row a lead that stood for itself then, sorted by lead_id, with the attributes
    that fit rules and segments test. ``evidence``: as :func:`read_evidence` gives it. ``merges``:
    those that concern the leads asked for, or all.
    """

    agreement: Agreement
    as_of: datetime
    known_at: datetime
    leads: pa.Table
    evidence: Any
    merges: Merges

    def scored(self) -> list[Scored]:
        """Score the leads with their reasons, in the order of their ids."""
        return score_leads(self.leads, self.evidence, self.agreement, as_of=self.as_of)

    def table(self) -> pa.Table:
        """Score the leads without reasons; columns as :func:`score_table`."""
        return score_table(self.leads, self.evidence, self.agreement, as_of=self.as_of)


def read_then(
    workspace: Workspace,
    *,
    as_of: datetime,
    known_at: datetime | None = None,
    agreement: Agreement | None = None,
    lead_ids: Sequence[str] | None = None,
) -> Then:
    """Read what the scores of these leads (of all if None) at ``as_of`` were, or would be, made of.

    What occurred up to as_of, was taken or stated up to ``known_at`` (as_of if not given), and who
    counted for whom then; both bounds are inclusive, and a stage that ran at one of them has done
    its work. A lead that counted for another is answered by that one; one that was not known then,
    or has been erased since, is left out, and what is erased of a person is missing ever after.
    ``agreement``: the one that was in force at as_of, as was known then, unless another is named.
    An as_of to come is answered from all that is known by now.
    """
    known = known_at or as_of
    terms = agreement or _agreement_then(workspace, as_of=as_of, known_at=known)
    with workspace.ledger.read() as connection:
        merges = read_merges_then(connection, lead_ids, at=known)
        roots = None if lead_ids is None else sorted({merges.root(one) for one in lead_ids})
        leads = _read_leads(connection, roots, merges, terms, at=known)
    concerned = merges if roots is None else merges.among(roots)
    evidence = read_evidence(workspace.log, roots, concerned, terms, as_of=as_of, known_at=known)
    if roots is None and leads.num_rows <= _FEW:
        evidence = evidence.to_arrow_table()
    return Then(
        agreement=terms,
        as_of=as_of,
        known_at=known,
        leads=leads,
        evidence=evidence,
        merges=merges,
    )


def refuse_unknown(then: Then, lead_ids: Sequence[str], *, where: str) -> None:
    """InputError, said of ``where``, if one of these leads was not known then, or is erased."""
    roots = pa.array([then.merges.root(one) for one in lead_ids], pa.string())
    is_known = pc.is_in(roots, value_set=then.leads.column("lead_id"))
    unknown = pa.array(lead_ids, pa.string()).filter(pc.invert(is_known)).to_pylist()
    if unknown:
        named = ", ".join(unknown[:_NAMED]) + (", ..." if len(unknown) > _NAMED else "")
        raise InputError(
            where=where,
            found=f"{len(unknown)} not known at {to_text(then.known_at)}, or erased since: {named}",
            expected="ids of leads as the ledger has them, such as crm:17",
        )


def _agreement_then(workspace: Workspace, *, as_of: datetime, known_at: datetime) -> Agreement:
    path = workspace.settings.agreement
    return agreement_then(workspace.ledger, path, as_of=as_of, known_at=known_at)


def _read_leads(
    connection: Connection,
    roots: Sequence[str] | None,
    merges: Merges,
    agreement: Agreement,
    *,
    at: datetime,
) -> pa.Table:
    fields = (*segment_fields(agreement), *fit_fields(agreement))
    leads = read_attributes_then(connection, roots, fields, at=at)
    merged = pa.array(list(merges.into), pa.string())
    return leads.filter(pc.invert(pc.is_in(leads.column("lead_id"), merged)))

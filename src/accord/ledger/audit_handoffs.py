"""The questions that the audit asks of hand-offs: told, in somebody's hands, timed, signed.

Each returns the rows that break a law. They are answered by indexes and joins, never lead by lead;
what only few rows can break is read and compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
)

from accord.ledger.erase_rows import is_erased
from accord.ledger.store import chunks, read_rows
from accord.ledger.tables import (
    agreement,
    clock,
    handoff,
    handoff_owner,
    handoff_run,
    outbox,
    rep,
    signature,
    stage_change,
)

Rows = Sequence[Mapping[str, Any]]

_SET_BY_US = ("assigned", "reassigned", "merged")
_BY_A_RUN = ("assigned", "reassigned")
_SIDES = 2
_DROPPED = "dropped by a person"


def _key_of(owner: Any) -> ColumnElement[str]:
    """Return the key of telling an owner for the first time; later ones end with # and a number."""
    key: ColumnElement[str] = literal("handoff:") + owner.c.handoff_id + ":" + owner.c.rep_id
    return key


def _tells(owner: Any) -> ColumnElement[bool]:
    """Whether an entry tells this owner of this hand-off, for the first time or again."""
    first = _key_of(owner)
    again = func.substr(outbox.c.key, 1, func.length(first) + 1) == first + literal("#")
    return and_(outbox.c.kind == "handoff", or_(outbox.c.key == first, again))


def _ours() -> ColumnElement[bool]:
    return handoff.c.origin == "decided"


def untold_owners(connection: Connection) -> Rows:
    """Owners that we set, of whom no entry of the outbox tells; an entry each time they were set.

    Owners that came along with a hand-off of a record that was merged were told under that one.
    """
    first = exists().where(outbox.c.key == _key_of(handoff_owner))
    told = (
        select(func.count())
        .select_from(outbox)
        .where(outbox.c.lead_id == handoff.c.lead_id, _tells(handoff_owner))
        .scalar_subquery()
    )
    same = handoff_owner.alias("same")
    times = (
        select(func.count())
        .select_from(same)
        .where(
            same.c.handoff_id == handoff_owner.c.handoff_id,
            same.c.rep_id == handoff_owner.c.rep_id,
            same.c.why.in_(_BY_A_RUN),
        )
        .scalar_subquery()
    )
    untold = or_(
        and_(handoff_owner.c.why.in_(("assigned", "merged")), ~first),
        and_(handoff_owner.c.why == "reassigned", told < times),
    )
    query = (
        select(handoff.c.lead_id, handoff.c.stage, handoff_owner.c.rep_id, handoff_owner.c.since)
        .join(handoff, handoff.c.handoff_id == handoff_owner.c.handoff_id)
        .where(_ours(), handoff_owner.c.why.in_(_SET_BY_US), untold, ~_came_along())
        .distinct()
    )
    return read_rows(connection, query)


def _came_along() -> ColumnElement[bool]:
    """Whether a hand-off that ended as merged has the same owner since the same instant."""
    former, its = handoff.alias("former"), handoff_owner.alias("its")
    return exists().where(
        its.c.since == handoff_owner.c.since,
        its.c.rep_id == handoff_owner.c.rep_id,
        its.c.handoff_id != handoff_owner.c.handoff_id,
        former.c.handoff_id == its.c.handoff_id,
        former.c.outcome == "merged",
    )


def given_up_entries(connection: Connection) -> Rows:
    """Entries that never go though their hand-off is open and their rep still has it.

    Withdrawn by nobody's hand, and nothing else tells the rep; or replaced by no newer one.
    """
    other = outbox.alias("other")
    newer = exists().where(
        other.c.lead_id == outbox.c.lead_id,
        other.c.kind == "handoff",
        other.c.outbox_id > outbox.c.outbox_id,
    )
    by_hand = and_(outbox.c.error.is_not(None), outbox.c.error.startswith(_DROPPED))
    given_up = or_(
        and_(outbox.c.status == "withdrawn", ~by_hand),
        outbox.c.status == "superseded",
    )
    query = (
        select(handoff.c.lead_id, handoff.c.stage, outbox.c.key, outbox.c.status)
        .join(handoff, and_(handoff.c.lead_id == outbox.c.lead_id, _tells(handoff)))
        .where(given_up, ~newer, _ours(), handoff.c.ended_at.is_(None))
    )
    return read_rows(connection, query)


def stray_entries(connection: Connection) -> Rows:
    """Hand-offs that were sent and that the ledger knows nothing of."""
    begin = literal("handoff:") + handoff.c.handoff_id + literal(":")
    known = exists().where(
        handoff.c.lead_id == outbox.c.lead_id,
        _ours(),
        func.substr(outbox.c.key, 1, func.length(begin)) == begin,
    )
    query = select(outbox.c.lead_id, outbox.c.key).where(
        outbox.c.status == "sent", outbox.c.kind == "handoff", ~known
    )
    return read_rows(connection, query)


def doubled_entries(connection: Connection) -> Rows:
    """Reps who were told of a hand-off oftener than they became its owner: key, told, times."""
    sent = and_(outbox.c.status == "sent", outbox.c.kind == "handoff")
    query = select(outbox.c.lead_id).where(sent, outbox.c.key.contains("#")).distinct()
    leads = sorted(one for one in connection.execute(query).scalars() if one is not None)
    owned: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    for part in chunks(leads):
        owners = (
            select(_key_of(handoff_owner))
            .join(handoff, handoff.c.handoff_id == handoff_owner.c.handoff_id)
            .where(handoff.c.lead_id.in_(part), handoff_owner.c.rep_id.is_not(None))
        )
        owned.update(connection.execute(owners).scalars())
        told = select(outbox.c.key).where(sent, outbox.c.lead_id.in_(part))
        keys.update(_first_key(key) for key in connection.execute(told).scalars())
    return [
        {"key": key, "told": told, "times": owned[key]}
        for key, told in keys.items()
        if told > max(1, owned[key])
    ]


def _first_key(key: str) -> str:
    first, _, turn = key.rpartition("#")
    return first if first and turn.isdecimal() else key


def abandoned_handoffs(connection: Connection) -> Rows:
    """Hand-overs of ours that are assigned and open, and have no owner whose clock is running.

    One whose owner has left and whom nobody can follow says why it waits.
    """
    running = exists().where(
        clock.c.lead_id == handoff.c.lead_id,
        clock.c.handoff_id == handoff.c.handoff_id,
        clock.c.ended_at.is_(None),
        or_(clock.c.side != "sales", clock.c.owner_id == handoff.c.rep_id),
    )
    query = select(handoff).where(
        _ours(),
        handoff.c.ended_at.is_(None),
        handoff.c.assigned_at.is_not(None),
        handoff.c.waits_for.is_(None),
        or_(handoff.c.rep_id.is_(None), ~running),
    )
    return read_rows(connection, query)


def half_ended_handoffs(connection: Connection) -> Rows:
    """Hand-overs of ours that ended without an outcome, or have one and have not ended.

    An erased person's end without.
    """
    halves = or_(
        and_(handoff.c.ended_at.is_not(None), handoff.c.outcome.is_(None)),
        and_(handoff.c.ended_at.is_(None), handoff.c.outcome.is_not(None)),
    )
    query = select(handoff).where(_ours(), halves, ~is_erased(handoff.c.lead_id))
    return read_rows(connection, query)


def unlike_owners(connection: Connection) -> Rows:
    """Open hand-overs of ours whose rep is not the owner that was set last."""
    newest = handoff_owner.alias("newest")
    later = handoff_owner.alias("later")
    is_last = ~exists().where(
        later.c.handoff_id == newest.c.handoff_id, later.c.since > newest.c.since
    )
    query = (
        select(handoff.c.lead_id, handoff.c.stage, handoff.c.rep_id, newest.c.rep_id.label("last"))
        .join(newest, newest.c.handoff_id == handoff.c.handoff_id)
        .where(
            _ours(),
            handoff.c.ended_at.is_(None),
            is_last,
            newest.c.rep_id.is_distinct_from(handoff.c.rep_id),
        )
    )
    return read_rows(connection, query)


def left_behind(connection: Connection, *, as_of: datetime) -> Rows:
    """Open hand-overs of reps who have left, that a run since has neither moved nor let wait.

    A run can only act on what was known: that the rep has left, that the lead is his, and where it
    stands. Owners that the CRM names are left out: since when we know of them nobody has noted.
    """
    since = handoff_owner.alias("since")
    change = stage_change.alias("change")
    acted = exists().where(
        handoff_run.c.as_of <= as_of,
        handoff_run.c.as_of > rep.c.left_at,
        handoff_run.c.as_of > rep.c.known_at,
        ~exists().where(
            since.c.handoff_id == handoff.c.handoff_id,
            or_(since.c.since >= handoff_run.c.as_of, since.c.why == "crm"),
        ),
        ~exists().where(
            change.c.lead_id == handoff.c.lead_id, change.c.known_at >= handoff_run.c.as_of
        ),
    )
    query = (
        select(handoff.c.lead_id, handoff.c.stage, handoff.c.rep_id, rep.c.left_at)
        .join(rep, rep.c.rep_id == handoff.c.rep_id)
        .where(
            _ours(),
            handoff.c.ended_at.is_(None),
            handoff.c.waits_for.is_(None),
            rep.c.left_at <= as_of,
            acted,
        )
    )
    return read_rows(connection, query)


def _signed_versions() -> Subquery:
    """Versions that both sides have signed as one content that was seen, and since when."""
    content = and_(
        agreement.c.version == signature.c.version,
        agreement.c.fingerprint == signature.c.fingerprint,
    )
    return (
        select(signature.c.version, func.max(signature.c.signed_at).label("signed_at"))
        .join(agreement, content)
        .group_by(signature.c.version)
        .having(
            func.count() >= _SIDES,
            func.min(signature.c.fingerprint) == func.max(signature.c.fingerprint),
        )
        .subquery()
    )


def unsigned_handoffs(connection: Connection) -> Rows:
    """Hand-overs of ours under a version that not both sides have signed as it was."""
    signed = _signed_versions()
    query = (
        select(handoff)
        .outerjoin(signed, signed.c.version == handoff.c.version)
        .where(_ours(), signed.c.version.is_(None))
    )
    return read_rows(connection, query)


def owners_before_signing(connection: Connection) -> Rows:
    """Owners that a run set before both sides had signed the version of their hand-off."""
    signed = _signed_versions()
    query = (
        select(
            handoff.c.lead_id,
            handoff.c.version,
            handoff_owner.c.rep_id,
            handoff_owner.c.since,
            signed.c.signed_at,
        )
        .join(handoff, handoff.c.handoff_id == handoff_owner.c.handoff_id)
        .join(signed, signed.c.version == handoff.c.version)
        .where(
            _ours(),
            handoff_owner.c.why.in_(_BY_A_RUN),
            handoff_owner.c.since < signed.c.signed_at,
        )
    )
    return read_rows(connection, query)

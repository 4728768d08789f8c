"""Whether a rescoring may store its scores: only under an agreement that both sides signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from accord.agreement import Agreement
from accord.errors import InputError
from accord.ledger.score_rows import read_last_scored
from accord.records import to_text
from accord.services.agreements import unsigned_sides
from accord.services.workspace import Workspace


def check_applicable(
    workspace: Workspace, proposed: Agreement, *, as_of: datetime, is_limited: bool
) -> None:
    """Refuse, by one InputError with all that is missing, what may not be applied.

    Scores are always those of the agreement in force, of all leads, and hand-overs follow from
    them: so a candidate must be the one in force to the letter, and both sides must have signed it.
    Nor may scores of an earlier instant take the place of later ones.
    """
    missing = [*_not_in_force(workspace, proposed, as_of=as_of)]
    with workspace.ledger.read() as connection:
        unsigned = unsigned_sides(connection, proposed, as_of=as_of)
        missing += [str(one.sentence) for one in unsigned]
        newest = read_last_scored(connection)
    if newest is not None and as_of < newest:
        missing.append(f"scores of {to_text(newest)} are stored, which is later.")
    if is_limited:
        missing.append("only some leads were asked for, and scores are applied to all or to none.")
    if missing:
        raise InputError(
            where="apply",
            found=" ".join(missing),
            expected="the agreement in force, signed by both sides, and all leads",
            remedy="sign it with accord agreement sign, or leave apply out to compare only",
        )


def refuse_to_come(as_of: datetime, *, now: datetime) -> None:
    """InputError if scores of an instant that has not come were to be stored."""
    if as_of > now:
        raise InputError(
            where="apply",
            found=f"{to_text(as_of)} has not come, and scores of it would stand for those of now",
            expected="an instant that has come, or none",
            remedy="leave apply out to compare as of then",
        )


def _not_in_force(workspace: Workspace, proposed: Agreement, *, as_of: datetime) -> Iterator[str]:
    in_force = workspace.agreement(as_of)
    if (proposed.version, proposed.fingerprint) == (in_force.version, in_force.fingerprint):
        return
    today = as_of.astimezone(ZoneInfo(proposed.timezone)).date()
    if proposed.version == in_force.version:
        yield f"version {proposed.version} is in force with another content."
    elif proposed.effective_from > today:
        yield (
            f"version {proposed.version} takes effect on {proposed.effective_from}, which has not"
            f" come; {in_force.version} is in force."
        )
    elif proposed.effective_from < in_force.effective_from:
        yield f"version {in_force.version} is newer and in force, not {proposed.version}."
    else:
        yield (
            f"version {proposed.version} was never put in force as the agreement of this"
            f" workspace; {in_force.version} is."
        )

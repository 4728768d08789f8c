"""The whole agreement as a document: chapters in the order in which they are read and signed."""

from __future__ import annotations

from collections.abc import Sequence

from accord.agreement.model import Agreement
from accord.agreement.written.criteria import write_criteria
from accord.agreement.written.goals import write_goals
from accord.agreement.written.handover import write_handover
from accord.agreement.written.model import Grid, SignatureLine, WrittenAgreement
from accord.agreement.written.promises import write_promises
from accord.agreement.written.terms import write_terms
from accord.agreement.written.together import write_signatures, write_together
from accord.agreement.written.words import say_all, say_name
from accord.records import Side


def write_agreement(
    agreement: Agreement,
    *,
    signatures: Sequence[SignatureLine] | None = None,
    plan: Grid | None = None,
    notes: Sequence[str] = (),
) -> WrittenAgreement:
    """Write an agreement in plain words; every value of it is told.

    ``signatures`` are the sides' as a ledger knows them; without a ledger the names that the
    document itself gives. ``plan`` is the table of what the targets need, where it was worked out;
    ``notes`` are told under it, after what the document itself warns of.
    """
    lines = named_lines(agreement) if signatures is None else signatures
    return WrittenAgreement(
        title="Service-level agreement between marketing and sales",
        summary=_summary(agreement),
        facts=_facts(agreement, lines),
        chapters=(
            write_terms(agreement),
            write_criteria(agreement),
            write_goals(agreement, plan=plan, warnings=(*_warnings(agreement), *notes)),
            write_handover(agreement),
            write_promises(agreement),
            write_together(agreement),
            write_signatures(agreement, lines),
        ),
    )


def named_lines(agreement: Agreement) -> tuple[SignatureLine, ...]:
    """Return the sides' signatures as the document itself names them."""
    named = {one.team: one for one in agreement.signed_by}
    return tuple(
        SignatureLine(side=side, state="named in the document", name=one.name, on=one.date)
        if (one := named.get(side)) is not None
        else SignatureLine(side=side, state="not signed")
        for side in Side
    )


def _summary(agreement: Agreement) -> str:
    return (
        "What both teams promised each other about leads, from the first record to the customer:"
        " which leads are handed over, to whom, how fast they are worked, and what is counted."
        f" It holds from {agreement.effective_from.isoformat()} on."
    )


def _facts(agreement: Agreement, lines: Sequence[SignatureLine]) -> tuple[tuple[str, str], ...]:
    segments = say_all(say_name(one.name) for one in agreement.segments)
    signed = say_all(f"{line.side.value} ({line.state})" for line in lines)
    return (
        ("Version", agreement.version),
        ("In effect", f"from {agreement.effective_from} until a newer version takes effect"),
        (
            "Scope",
            (
                f"every lead of the segments {segments}, from new name to customer, in"
                f" {agreement.currency}"
            ),
        ),
        (
            "Time of the service",
            (
                f"days, weeks and months of {agreement.timezone}; the hours of"
                f" each team are in the calendars {say_all(map(say_name, agreement.calendars))}"
            ),
        ),
        ("Signatures", signed),
        ("Fingerprint", agreement.fingerprint[:12]),
    )


def _warnings(agreement: Agreement) -> tuple[str, ...]:
    return tuple(one.sentence for one in agreement.warnings)

"""The agreement as a document for both teams: its words, the plan that follows, who signed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from accord.agreement import Agreement
from accord.agreement.written import (
    Grid,
    SignatureLine,
    WrittenAgreement,
    say_money,
    say_name,
    say_number,
    write_agreement,
)
from accord.errors import InputError
from accord.planning import PLAN_STAGES, plan
from accord.report import write_page
from accord.report.written import to_html, to_markdown

Form = Literal["html", "markdown", "yaml"]

_TITLES = {"mql": "MQL", "sql": "SQL"}


def write_document(
    agreement: Agreement, *, signatures: Sequence[SignatureLine] | None = None
) -> WrittenAgreement:
    """Write an agreement with the plan of its targets; ``signatures`` as a ledger knows them."""
    notes = [finding.sentence for finding in plan(agreement).findings]
    return write_agreement(agreement, signatures=signatures, plan=plan_grid(agreement), notes=notes)


def plan_grid(agreement: Agreement) -> Grid:
    """Return what the targets need of every stage and segment in a period, as a table."""
    made = plan(agreement)
    rows = [
        (say_name(one.segment), *(say_number(one.shown[stage]) for stage in PLAN_STAGES),
         say_money(one.average_deal, agreement.currency))
        for one in made.segments
    ]  # fmt: skip
    total = made.total
    rows.append(("all", *(say_number(total[stage]) for stage in PLAN_STAGES), ""))
    return Grid(
        caption=f"Leads needed at every stage in a {made.period}",
        columns=("Segment", *(_TITLES.get(one, one.title()) for one in PLAN_STAGES), "A deal is"),
        rows=tuple(rows),
        numeric=frozenset(range(1, len(PLAN_STAGES) + 2)),
        has_total=True,
    )


def render(
    agreement: Agreement, form: Form, *, signatures: Sequence[SignatureLine] | None = None
) -> str:
    """Return the document in a form: HTML, Markdown, or the YAML it was read from."""
    if form == "yaml":
        return agreement.document
    written = write_document(agreement, signatures=signatures)
    return to_html(written) if form == "html" else to_markdown(written)


def save(text: str, path: Path) -> Path:
    """Write a document to a file, whole or not at all; InputError if it cannot be written."""
    try:
        return write_page(path, text)
    except OSError as error:
        found = f"{path} cannot be written: {error.strerror}"
        raise InputError(where="--out", found=found, expected="a file to write") from None

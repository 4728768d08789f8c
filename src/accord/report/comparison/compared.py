"""What is compared with what, how, and what that cannot tell."""

from __future__ import annotations

from accord.evaluation import Comparison
from accord.records import to_text
from accord.report.comparison.past_charts import SHARES
from accord.report.comparison.words import to_limits
from accord.report.model import Cell, Column, Section, Table

_METHOD = (
    "A past lead counts as sent if its scores held the MQL threshold when it came in or at any of"
    " its activities before its end (won, lost or disqualified, as sources state), with its"
    " attributes as they are known now."
)
_LIMITS = (
    "Leads that sales never worked have no end and say nothing; a week counts the leads that first"
    " cross the threshold within the weeks shown. Capacity is what each agreement lets all"
    " development reps take in a week, a week's share of the month if that is less; absences are"
    " left aside. A lead that falls below the threshold keeps the stage that it has."
)


def compared(found: Comparison) -> Section:
    """Make the section."""
    return Section(
        name="compared",
        title="What is compared",
        lead=f"{_METHOD} {_LIMITS}",
        tables=(_table(found),),
    )


def _stored(found: Comparison) -> str:
    return "none: a dry run" if found.stored is None else f"{found.stored:,}"


def _table(found: Comparison) -> Table:
    rows = (
        ("Agreement in force", found.version_now),
        ("Candidate", found.version_then),
        ("As of", to_text(found.as_of)),
        ("Limited to", ", ".join(to_limits(found)) or "nothing: all leads"),
        ("Leads scored under both", f"{found.leads:,}"),
        ("Of them with other scores", f"{found.changed:,}"),
        ("Of them bought or disqualified", f"{found.settled:,}, not counted among those who move"),
        ("Leads whose stored scores changed", _stored(found)),
        *((title, f"{words}, of past leads") for _, title, words in SHARES),
        ("Lift", "precision over the share of winners among all past leads"),
        ("Intervals", "95 %, Wilson's score interval"),
    )
    return Table(
        name="compared",
        caption="What this page is made of",
        columns=(Column(title="What", numeric=False), Column(title="Value", numeric=False)),
        rows=tuple((Cell(shown=what, raw=what), Cell(shown=it, raw=it)) for what, it in rows),
        empty="",
    )

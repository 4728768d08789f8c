"""What follows from a month: the steps that its findings ask for, and what became of the last."""

from __future__ import annotations

from accord.metrics import METRICS, Promise, Status, Weighed
from accord.report.cells import marked, text
from accord.report.model import Cell, Column, Section, Table
from accord.report.promised import amounts_of, title_of
from accord.report.view import View

_AT_MOST = 8


def steps(view: View) -> Section:
    """Make the section on what to do next."""
    found = [one for one in view.weighed if one.moves][:_AT_MOST]
    lead = "Nothing that was found asks for a step."
    if found:
        many = "1 step follows" if len(found) == 1 else f"{len(found)} steps follow"
        lead = f"{many} from what was found: proposals, until the meeting has agreed to them."
    return Section(name="steps", title="Steps", lead=lead, tables=(_table(view, found),))


def _table(view: View, found: list[Weighed]) -> Table:
    return Table(
        name="steps",
        caption="Proposed steps, what matters most first",
        columns=(
            Column(title="Step", numeric=False, wide=True),
            Column(title="Because", numeric=False, wide=True),
            Column(title="Owned by", numeric=False),
            Column(title="Should move", numeric=False),
            Column(title=view.words.title),
        ),
        rows=tuple(_row(view, one) for one in found),
        empty="No finding asks for a step.",
    )


def _row(view: View, one: Weighed) -> tuple[Cell, ...]:
    metric = METRICS[one.moves]
    owner = "both sides" if one.side is None else one.side.value
    return (
        text(one.finding.remedy),
        text(one.finding.sentence),
        text(owner),
        Cell(shown=metric.title, raw=one.moves),
        view.cell(one.moves, *_about(view, one)),
    )


def _about(view: View, one: Weighed) -> tuple[str, str]:
    """Which part of the metric the finding is about, if the metric can be asked by it."""
    subject = one.finding.subject
    if subject in {segment.name for segment in view.agreement.segments}:
        return ("segment", subject)
    if one.moves.endswith("sla_met_share"):
        return ("term", subject)
    if one.moves == "cost_per_mql":
        return ("channel", subject)
    return ("all", "")


def said(view: View) -> Section:
    """Make the section on what was missed last time and whether it was mended."""
    last = view.words.last
    missed = [one for one in view.last_promises if one.status is Status.MISSED]
    due = [one for one in view.last_promises if one.status is not Status.NOTHING]
    return Section(
        name="said",
        title="What we said last time",
        lead=_lead(view, missed, due=len(due)),
        tables=(
            Table(
                name="said",
                caption=f"Promises missed {last}, and how they stand {view.words.this}",
                columns=(
                    Column(title="Promise", numeric=False),
                    Column(title="Owed by", numeric=False),
                    Column(title=last.capitalize()),
                    Column(title="", numeric=False),
                    Column(title=view.words.title),
                    Column(title="Mended", numeric=False),
                ),
                rows=tuple(_mended_row(view, one) for one in missed),
                empty=f"No promise was missed {last}.",
            ),
        ),
    )


def _lead(view: View, missed: list[Promise], *, due: int) -> str:
    last = view.words.last
    if not due:
        return f"Nothing was due {last}."
    if not missed:
        return f"All {due} promises that were due {last} were kept."
    mended = sum(_now(view, one) is Status.KEPT for one in missed)
    count = "none" if not mended else f"{mended}"
    verb = "was" if mended <= 1 else "were"
    return f"{len(missed)} of {due} promises were missed {last}; {count} of them {verb} mended."


def _this(view: View, promise: Promise) -> Promise | None:
    key = (promise.side, promise.kind, promise.name)
    return next((one for one in view.promises if (one.side, one.kind, one.name) == key), None)


def _now(view: View, promise: Promise) -> Status:
    found = _this(view, promise)
    return Status.NOTHING if found is None else found.status


def _mended_row(view: View, promise: Promise) -> tuple[Cell, ...]:
    now = _this(view, promise)
    status = _now(view, promise)
    words = {Status.KEPT: "mended", Status.MISSED: "missed again", Status.RUNNING: "not yet"}
    return (
        Cell(shown=title_of(promise), raw=promise.name),
        text(promise.side.value),
        _amount(promise),
        marked(promise.status, promise.status.value),
        text(None) if now is None else _amount(now),
        marked(status, words.get(status, status.value)),
    )


def _amount(promise: Promise) -> Cell:
    delivered, owed = amounts_of(promise)
    raw = "" if promise.delivered is None else f"{float(promise.delivered):.10g}"
    return Cell(shown=f"{delivered} ({owed})", raw=raw)

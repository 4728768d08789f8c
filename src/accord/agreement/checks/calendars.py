"""Calendars and the agreement's own zone: what :mod:`accord.calendars` says of them."""

from __future__ import annotations

from collections.abc import Iterator

from accord.agreement.checks.wording import fault
from accord.agreement.tree import Tree
from accord.calendars import Calendar, CalendarError, is_zone
from accord.findings import Finding


def find_unknown_zone(tree: Tree) -> Iterator[Finding]:
    """Weeks, days and months are cut in a zone that exists."""
    for path, name in tree.texts("timezone"):
        if not is_zone(name):
            yield fault(
                "unknown_zone",
                path,
                f"{name!r} is no known zone",
                "Write one such as Europe/Berlin.",
            )


def find_calendar_faults(tree: Tree) -> Iterator[Finding]:
    """Every calendar can be read: zone, hours, holidays, closures; and is open at some time."""
    for path, entry in tree.maps("calendars.*"):
        if "parts" in entry:  # what a clock keeps of an owner whose calendar changed
            remedy = "Write timezone, hours, holidays, closed and open of one calendar."
            yield fault("unknown_key", f"{path}.parts", "is no key of a calendar", remedy)
            continue
        try:
            Calendar.parse(entry)
        except CalendarError as error:
            for one in error.faults:
                kind = one.rule.rpartition(".")[2]
                remedy = f"{one.remedy[:1].upper()}{one.remedy[1:]}."
                yield fault(kind, f"{path}.{one.subject}", one.sentence.rstrip(";."), remedy)

"""Names that must be defined elsewhere in the agreement: teams, calendars, ladders, people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from accord.agreement.checks.names import TOLD_BY_ROLE
from accord.agreement.checks.wording import fault
from accord.agreement.document import join_path
from accord.agreement.events import EVENTS
from accord.agreement.tree import Tree, nearest
from accord.findings import Finding
from accord.records import HandoffStage, Role

Known = tuple[str, ...] | None
"""Names that may be used; None where the section that defines them cannot be read."""


def _teams(tree: Tree) -> Known:
    return tree.keys("teams")


def _calendars(tree: Tree) -> Known:
    return tree.keys("calendars")


def _ladders(tree: Tree) -> Known:
    return tree.keys("sla.escalation")


def _told(tree: Tree) -> Known:
    people = tree.keys("sla.people")
    return None if people is None else (*TOLD_BY_ROLE, *people)


def _events(_: Tree) -> Known:
    return EVENTS


@dataclass(frozen=True, slots=True)
class _Use:
    """Places that name something, and the names that are known."""

    pattern: str
    what: str
    known: Callable[[Tree], Known]


_USES: tuple[_Use, ...] = (
    _Use("handoff.routing.*.*.team", "team", _teams),
    _Use("teams.*.calendar", "calendar", _calendars),
    _Use("sla.people.*.calendar", "calendar", _calendars),
    _Use("sla.sales.*.calendar", "calendar", _calendars),
    _Use("sla.marketing.*.calendar", "calendar", _calendars),
    _Use("sla.sales.*.escalation", "escalation", _ladders),
    _Use("sla.marketing.*.escalation", "escalation", _ladders),
    _Use("sla.sales.*.from", "event", _events),
    _Use("sla.sales.*.until", "event", _events),
    _Use("sla.marketing.*.from", "event", _events),
    _Use("sla.marketing.*.until", "event", _events),
    _Use("sla.escalation.*.*.notify.*", "person", _told),
    _Use("reviews.*.to.*", "person", _told),
)


def find_unknown_names(tree: Tree) -> Iterator[Finding]:
    """Every team, calendar, ladder, event and person that is named is known."""
    for use in _USES:
        known = use.known(tree)
        for path, name in tree.texts(use.pattern):
            if known is not None and name not in known:
                sentence = f"{name!r} is no {use.what} known here"
                yield fault(f"unknown_{use.what}", path, sentence, nearest(name, known))


def find_unknown_segments(tree: Tree) -> Iterator[Finding]:
    """Terms by segment name known ones; the targets name every segment and no other."""
    known = tree.segments()
    if known is None:
        return
    for pattern in ("sla.sales.*.by_segment", "sla.marketing.*.by_segment", "targets.segments"):
        for path, section in tree.maps(pattern):
            for name in section:
                if name not in known:
                    sentence = f"{name!r} is no segment"
                    place = join_path(path, str(name))
                    yield fault("unknown_segment", place, sentence, nearest(str(name), known))
    for path, section in tree.maps("targets.segments"):
        for name in known:
            if name not in section:
                remedy = f"Write {name}: with its revenue and average_deal."
                yield fault("missing_key", f"{path}.{name}", "this segment has no target", remedy)


def find_wrong_roles(tree: Tree) -> Iterator[Finding]:
    """From mql a lead goes to development reps, from sql to account executives."""
    for stage, role in ((HandoffStage.MQL, Role.SDR), (HandoffStage.SQL, Role.AE)):
        for path, name in tree.texts(f"handoff.routing.{stage.value}.*.team"):
            actual = tree.at(f"teams.{name}.role")
            if isinstance(actual, str) and actual in set(Role) - {role}:
                sentence = f"team {name} has role {actual}, and leads at {stage.value} go to {role}"
                yield fault("wrong_role", path, sentence, f"Name a team with role {role.value}.")


def find_untold_steps(tree: Tree) -> Iterator[Finding]:
    """A step of a ladder tells somebody, and a review goes to somebody."""
    for pattern in ("sla.escalation.*.*.notify", "reviews.*.to"):
        for path, people in tree.lists(pattern):
            if not people:
                yield fault("nobody_told", path, "names nobody", "Name at least one person.")

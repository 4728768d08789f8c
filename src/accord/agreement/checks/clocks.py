"""Terms, ladders and the playbook: durations that mean something on their clock, in order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from accord.agreement.checks.wording import fault
from accord.agreement.document import join_path
from accord.agreement.tree import Tree
from accord.agreement.values import Duration, StepAt, parse_duration, parse_step_at
from accord.findings import Finding

_WORKING_DAY_HOURS = 8
_DUE_PLUS = "due+"
_WEEKLY_TERMS = ("volume", "acceptance")  # their steps run on the marketing owner's calendar


def find_days_on_business_clocks(tree: Tree) -> Iterator[Finding]:
    """A day is 24 hours, and no business day has as many: a business clock is written in hours."""
    for side in ("sales", "marketing"):
        for path, term in tree.maps(f"sla.{side}.*"):
            if term.get("clock") == "business":
                yield from _days_in(path, "within", term.get("within"))
                by_segment = term.get("by_segment")
                if isinstance(by_segment, dict):
                    for segment, within in by_segment.items():
                        yield from _days_in(join_path(path, "by_segment"), segment, within)


def find_days_on_business_ladders(tree: Tree) -> Iterator[Finding]:
    """A ladder that a business clock climbs has no steps in days either."""
    for name in sorted(_business_ladders(tree)):
        for path, at in tree.texts(f"sla.escalation.{name}.*.at"):
            if at.startswith(_DUE_PLUS):
                yield from _days_in(path, "", at.removeprefix(_DUE_PLUS), prefix=_DUE_PLUS)


def find_days_in_cadence(tree: Tree) -> Iterator[Finding]:
    """The playbook runs on the rep's calendar, so it is written in hours too."""
    for path, step in tree.maps("cadence.*.*"):
        yield from _days_in(path, "within", step.get("within"))


def find_steps_out_of_order(tree: Tree) -> Iterator[Finding]:
    """Each step of a ladder comes after the one before it, so none stands twice."""
    for name in tree.keys("sla.escalation") or ():
        steps = list(_steps_of(tree, name))
        for (before_path, before), (path, step) in pairwise(steps):
            if step.order == before.order:
                yield fault("step_twice", path, f"{step} stands at {before_path} too", "Keep one.")
            elif step.order < before.order:
                sentence = f"{step} comes before {before} at {before_path}"
                yield fault(
                    "step_out_of_order", path, sentence, "Write the steps in order of time."
                )


def find_cadence_out_of_order(tree: Tree) -> Iterator[Finding]:
    """Steps of the playbook count from one start, so they never go back in time."""
    for key in ("not_connected", "connected"):
        steps = [
            (join_path(path, "within"), duration)
            for path, step in tree.maps(f"cadence.{key}.*")
            if (duration := _duration(step.get("within"))) is not None
        ]
        for (_, before), (path, within) in pairwise(steps):
            if within.seconds < before.seconds:
                sentence = f"{within} is earlier than the step before it ({before})"
                yield fault(
                    "step_out_of_order", path, sentence, "Write the steps in order of time."
                )


def _business_ladders(tree: Tree) -> set[str]:
    ladders = set()
    for side in ("sales", "marketing"):
        for path, term in tree.maps(f"sla.{side}.*"):
            is_weekly = side == "marketing" and path.rpartition(".")[2] in _WEEKLY_TERMS
            ladder = term.get("escalation")
            if isinstance(ladder, str) and (is_weekly or term.get("clock") == "business"):
                ladders.add(ladder)
    return ladders


def _days_in(path: str, key: str, value: Any, *, prefix: str = "") -> Iterator[Finding]:
    duration = _duration(value)
    if duration is None or duration.unit != "d":
        return
    days = duration.count
    remedy = (
        f"Write {prefix}{days * 24}h of open time, or {prefix}{days * _WORKING_DAY_HOURS}h for"
        f" {days} working day{'' if days == 1 else 's'} of {_WORKING_DAY_HOURS} hours."
    )
    sentence = f"'{prefix}{duration}' counts days on a business clock"
    place = join_path(path, key) if key else path
    yield fault("days_on_business_clock", place, sentence, remedy)


def _steps_of(tree: Tree, ladder: str) -> Iterator[tuple[str, StepAt]]:
    for path, at in tree.texts(f"sla.escalation.{ladder}.*.at"):
        try:
            yield path, parse_step_at(at)
        except ValueError:
            continue  # the model has said so


def _duration(value: Any) -> Duration | None:
    try:
        return parse_duration(value)
    except ValueError:
        return None  # the model has said so

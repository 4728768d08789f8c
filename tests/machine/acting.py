"""One company in a run of the machine: running its stages and holding the laws after each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from accord.services import audit
from tests.machine import laws
from tests.machine.company import STAGES, Company

_AUDITED = (
    audit.each_lead_is_handed_over_once,
    audit.no_lead_is_left_behind,
    audit.stages_are_folds,
    audit.both_sides_have_signed,
)
"""What our own audit is asked after every step; all of it after a night and at the end."""


class Acting(RuleBasedStateMachine):
    """A run's company and what is remembered of it; a subclass says where the stores are."""

    children: Any
    new_home: Callable[[], tuple[Path, str]]
    done: Counter[str]
    fired: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.company = Company(*self.new_home())
        self.memory = laws.Memory()
        self.scored: dict[Any, Any] = {}
        self.steps = 0

    def newcomer(self) -> None:
        """A hot lead arrives, if there is room for one."""
        raise NotImplementedError

    def _lead(self, number):
        return (
            list(self.company.leads)[number % len(self.company.leads)]
            if self.company.leads
            else None
        )

    def _perhaps_tick(self, what, *, now):
        self.done[what] += 1
        if now:
            self.tick()

    def _run(self, what, *names, as_of=None):
        company = self.company
        company.run(*names, as_of=as_of)
        at = as_of or company.now
        seen = self._check(what, at=at)
        if "score" in names and as_of is None:
            self.scored[at] = {
                row["lead_id"]: (row["fit"], row["engagement"], row["intent"])
                for row in seen.rows["score"]
                if row["scored_at"] == at
            }
        if names in {tuple(STAGES), ("handoff",)} and as_of is None and company.paper.in_force(at):
            self._hold(laws.after_handoff(seen, at=at))

    def _check(self, what, *, at=None):
        self.done[what] += 1
        company = self.company
        seen = laws.Seen.of(company.workspace.ledger, company.crm.lines("effect"), company.told())
        broken = [line for law in laws.LAWS for line in law(seen, self.memory)]
        in_force = company.paper.in_force(at or company.now)
        broken += laws.l9_signed(seen, self.memory, signed={in_force} - {None})
        with company.workspace.ledger.read() as connection:
            for law in _AUDITED:
                found = law(connection, company.workspace, company.now)
                broken += [str(one) for one in found]
        self._hold(broken)
        self.memory.keep(seen)
        return seen

    def _hold(self, found):
        broken = list(found)
        assert not broken, broken

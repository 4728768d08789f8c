"""The state machine: what people, systems, time and accidents do to the company, in any order.

No event looks into the ledger to choose what it does: so a run can be repeated and shrunk.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from accord.services import audit
from accord.services.clock_rebuild import rebuild_clocks
from tests.machine.company import STAGES
from tests.machine.events import events_of
from tests.machine.running import Running
from tests.machine.telling import KINDS, Telling

STEPS = 50


class _Life(Telling, Running):
    """All that may happen."""


class HandoffMachine(_Life):
    """One company from its first day on."""

    @initialize(kinds=st.lists(st.sampled_from(list(KINDS)), min_size=2, max_size=4))
    def the_first_day(self, kinds):
        self.new_leads(kinds, now=True)
        self.steps += 1

    @rule(event=events_of(_Life))
    def something(self, event):
        """One step; the laws are held after whatever touches the ledger."""
        name, given = event
        getattr(self, name)(**given)
        self.steps += 1

    def teardown(self):
        """After fifty steps all stages run once more, and the whole audit.

        Every clock is then what it would be if all had been told at once.
        """
        try:
            if self.steps == STEPS:
                self._run("a tick", *STAGES)
                at = self.company.now
                self._hold(map(str, audit.run_audit(self.company.workspace, as_of=at)))
                rebuilt = rebuild_clocks(self.company.workspace, as_of=at)
                self._hold(map(str, rebuilt.shown))
                self.done["a whole run"] += 1
        finally:
            self.company.close()

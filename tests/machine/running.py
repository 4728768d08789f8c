"""What the company does, and what time, its lawyers and accidents do to it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from accord.ledger import read_rows, tables
from accord.ledger.outbox_rows import read_dead, retry_outbox
from accord.services.approving import approve
from accord.services.nightly import run_nightly
from accord.services.replay import read_then
from tests.machine import children
from tests.machine.acting import Acting
from tests.machine.company import DAY, STAGES
from tests.machine.events import happens
from tests.machine.paper import BOTH, TERMS
from tests.machine.receiver import MODES, UP

OFTEN = st.sampled_from([False, False, True])


class Running(Acting):
    """Stages in order and out of order, time, the agreement, crashes."""

    # What our stages do

    @happens(7)
    def tick(self):
        self._run("a tick", *STAGES)

    @happens(
        4, name=st.sampled_from(["ingest", "score", "lifecycle", "handoff", "handoff", "deliver"])
    )
    def one_stage(self, name):
        self._run("a single stage", name)

    @happens(1)
    def tick_twice(self):
        """A tick at the instant of the one before finds nothing to do.

        Before a CRM that fails, a run sends no more than it had begun: the next may try the rest.
        """
        self.tick()
        before = self._dump()
        self._run("a tick again", *STAGES, as_of=self.company.now)
        after = self._dump()
        if self.company.mode != UP:
            del before["outbox"], after["outbox"]
        assert after == before

    @happens(1)
    def night(self):
        result = run_nightly(self.company.workspace, as_of=self.company.tick())
        assert result.findings == ()
        self._check("a night")

    @happens(1)
    def approval(self):
        approve(self.company.workspace, name="VP Sales", as_of=self.company.tick())
        self._check("an approval")

    @happens(2, which=st.integers(0, 9))
    def replay(self, which):
        """Scores of a past instant are those that were stored then."""
        if not self.scored:
            return
        at, stored = list(self.scored.items())[which % len(self.scored)]
        then = read_then(self.company.workspace, as_of=at)
        assert {
            one.lead_id: _tenths(one) for one in then.scored() if one.lead_id in stored
        } == stored
        self.done["a replay"] += 1

    # Time

    @happens(3, minutes=st.sampled_from([1, 20, 90, 600]))
    def time_passes(self, minutes):
        self.company.pass_time(timedelta(minutes=minutes))

    @happens(4, days=st.sampled_from([1, 2, 4, 8, 35]), now=OFTEN)
    def days_pass(self, days, now):
        self.company.pass_time(days * DAY)
        self._perhaps_tick("days pass", now=now)

    @happens(2)
    def deferral_ends(self):
        self.company.now = min(self._deferrals(), default=self.company.now)
        self.tick()
        self.done["a deferral's date"] += 1

    @happens(
        2, hours=st.sampled_from([1, 30, 200]), names=st.sampled_from([tuple(STAGES), ("handoff",)])
    )
    def clock_jumps_back(self, hours, names):
        at = self.company.now - timedelta(hours=hours)
        self.scored = {then: rows for then, rows in self.scored.items() if then < at}
        self._run("a clock that went back", *names, as_of=at)

    def _deferrals(self):
        ends = [row["defer_until"] for row in self.company.decisions if row["defer_until"]]
        return [at for at in ends if at > self.company.now]

    # The agreement

    @happens(
        4,
        term=st.sampled_from(list(TERMS)),
        value=st.integers(0, 2),
        sides=st.sampled_from([BOTH, BOTH, BOTH, BOTH[:1], ()]),
        ahead=st.sampled_from([0, 0, 2]),
    )
    def new_version(self, term, value, sides, ahead):
        on = (self.company.now + (ahead - 1) * DAY).date()
        self.company.paper.write(on=on, sides=sides, **_changed(term, value))
        self._noticed("a new version" if sides == BOTH else "a version not signed by both")

    @happens(1, term=st.sampled_from(list(TERMS)), value=st.integers(0, 2))
    def changed_after_signing(self, term, value):
        self.company.paper.change(**_changed(term, value))
        self._noticed("a version changed after it was signed")

    @happens(3, side=st.sampled_from(BOTH))
    def signature(self, side):
        company = self.company
        signed = company.paper.sign(company.workspace.ledger, side, at=company.tick())
        self.done["a signature" if signed else "a signature refused"] += 1

    def _noticed(self, what):
        self.company.workspace.agreement(self.company.tick())
        self.done[what] += 1

    # Accidents

    @happens(4, mode=st.sampled_from(MODES))
    def crm_behaves(self, mode):
        self.company.mode = mode
        self.done["the CRM is up" if mode == UP else "the CRM fails"] += 1

    @happens(1)
    def dead_entries_retried(self):
        company = self.company
        with company.workspace.ledger.begin() as connection:
            for outbox_id in read_dead(connection):
                retry_outbox(connection, outbox_id, as_of=company.now)
        self._check("dead entries are retried")

    @happens(4, point=st.sampled_from(children.POINTS))
    def crash(self, point):
        """A lead that wants to be called at once comes first, so that every stage has work."""
        self.newcomer()
        self.fired[point] += children.kill(self.children, self.company, point)
        self._check("a crash")

    @happens(1)
    def two_schedulers(self):
        children.run_two(self.children, self.company)
        self._check("two schedulers")

    def _dump(self):
        with self.company.workspace.ledger.read() as connection:
            return {
                table.name: sorted(map(str, read_rows(connection, table.select())))
                for table in tables.metadata.sorted_tables
            }


def _changed(term, value):
    values = TERMS[term]
    return {term: values[value % len(values)]}


def _tenths(scored):
    return (scored.fit, scored.engagement, scored.intent)

"""What the world tells the company: leads, what they do, what sales says, late and corrected."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from tests.machine.acting import Acting
from tests.machine.company import DAY, REPS
from tests.machine.events import happens

MOST_LEADS = 12
KINDS = {
    "cold": ("page_viewed",),
    "warm": ("webinar_attended", "webinar_attended", "webinar_attended"),
    "keen": ("trial_started",),
    "hot": ("demo_requested",),
    "off": ("unsubscribed",),
}
"""What leads do, by what it makes of them."""

REASONS = {"return": "not_ready", "defer": "busy", "disqualify": "spam"}
STAGES_STATED = ("engaged", "mql", "sal", "sql", "nurture", "lost", "disqualified", "customer")

SOON = st.integers(0, 3)
AGO = st.sampled_from([0, 0, 0, 1, 30, 300])  # hours: what is said of the past comes late
OUTCOMES = st.sampled_from(["accept", "convert", "convert", "defer", "return", "disqualify"])
OFTEN = st.sampled_from([False, False, True])
LEADS = st.integers(0, MOST_LEADS - 1)


class Telling(Acting):
    """Events that sources report; half of them are followed by a tick."""

    @happens(3, kinds=st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=4), now=OFTEN)
    def new_leads(self, kinds, now):
        company = self.company
        for kind in kinds[: MOST_LEADS - len(company.leads)]:
            lead_id = f"l{len(company.leads)}"
            company.leads[lead_id] = {
                "lead_id": lead_id,
                "created_at": company.now,
                "email": f"ann@{lead_id}.example",
                "title": "CFO",
                "employees": 500,
            }
            company.tell("lead", company.leads[lead_id])
            self._does(lead_id, kind)
        self._perhaps_tick("leads arrive", now=now)

    def newcomer(self):
        if len(self.company.leads) < MOST_LEADS:
            self.new_leads(["hot"], now=False)

    @happens(6, lead=LEADS, kind=st.sampled_from(list(KINDS)), now=OFTEN)
    def activities(self, lead, kind, now):
        if lead_id := self._lead(lead):
            self._does(lead_id, kind)
            self._perhaps_tick("activities", now=now)

    def _does(self, lead_id, kind):
        for name in KINDS[kind]:
            row = {"activity_id": self.company.number(), "lead_id": lead_id, "kind": name}
            self.company.tell("activity", row | {"occurred_at": self.company.now})

    @happens(7, lead=LEADS, outcome=OUTCOMES, days=st.sampled_from([1, 4, 20]), ago=AGO, now=OFTEN)
    def decision(self, lead, outcome, days, ago, now):
        if lead_id := self._lead(lead):
            row = {"decision_id": self.company.number(), "lead_id": lead_id}
            row |= self._decided(outcome, days=days, ago=ago)
            self.company.decisions.append(row)
            self.company.tell("decision", row)
            self._perhaps_tick("a late decision" if ago else "a decision", now=now)

    @happens(
        2,
        which=st.integers(0, 9),
        outcome=OUTCOMES,
        days=st.sampled_from([1, 4]),
        ago=AGO,
        now=OFTEN,
    )
    def correction(self, which, outcome, days, ago, now):
        if not self.company.decisions:
            return
        row = self.company.decisions[which % len(self.company.decisions)]
        again = self._decided(outcome, days=days, ago=ago)
        row |= again | {"decided_at": min(row["decided_at"], again["decided_at"])}
        self.company.tell("decision", row)
        self._perhaps_tick("a decision is corrected", now=now)

    def _decided(self, outcome, *, days, ago):
        at = self.company.now - timedelta(hours=ago)
        until = at + days * DAY if outcome == "defer" else None
        reason = REASONS.get(outcome)
        return {"outcome": outcome, "decided_at": at, "reason": reason, "defer_until": until}

    @happens(2, lead=LEADS, rep=st.sampled_from(list(REPS)), ago=AGO)
    def touch(self, lead, rep, ago):
        if lead_id := self._lead(lead):
            at = self.company.now - timedelta(hours=ago)
            row = {"touch_id": self.company.number(), "lead_id": lead_id, "rep_id": rep}
            row |= {"channel": "call", "touched_at": at, "outcome": "connected"}
            self.company.tell("touch", row)
            self.done["a late touch" if ago else "a touch"] += 1

    @happens(2, lead=LEADS, rep=st.sampled_from(list(REPS)), ago=AGO, now=OFTEN)
    def owner_edited(self, lead, rep, ago, now):
        """Somebody gives the lead to another rep in the CRM, which comes back as a hand-over."""
        if lead_id := self._lead(lead):
            company = self.company
            at = company.now - timedelta(hours=ago)
            company.crm.edit(lead_id, rep, at=at)
            row = {"handoff_id": company.number(), "lead_id": lead_id, "handed_at": at}
            company.tell(
                "handoff", row | {"stage": "mql" if REPS[rep] == "sdr" else "sql", "rep_id": rep}
            )
            self._perhaps_tick("an owner is edited", now=now)

    @happens(2, lead=LEADS, stage=st.sampled_from(STAGES_STATED), ago=AGO, now=OFTEN)
    def stage_edited(self, lead, stage, ago, now):
        """Somebody sets the stage in the CRM, which comes back with the lead's record."""
        if lead_id := self._lead(lead):
            at = self.company.now - timedelta(hours=ago)
            self.company.leads[lead_id] |= {"stage": stage, "stage_at": at}
            self.company.tell("lead", self.company.leads[lead_id])
            self._perhaps_tick("a stage is edited", now=now)

    @happens(2, lead=LEADS, stage=st.sampled_from(["opportunity", "customer", "lost"]), now=OFTEN)
    def deal(self, lead, stage, now):
        if lead_id := self._lead(lead):
            at = self.company.now
            deal = self.company.deals.setdefault(
                lead_id, {"opportunity_id": f"d-{lead_id}", "lead_id": lead_id, "opened_at": at}
            )
            closed_at = None if stage == "opportunity" else at
            deal |= {"stage": stage, "stage_at": at, "closed_at": closed_at, "amount": 1000}
            self.company.tell("opportunity", deal)
            self._perhaps_tick("a deal moves", now=now)

    @happens(
        3,
        rep=st.sampled_from(list(REPS)),
        what=st.sampled_from(["leaves", "comes back", "is away"]),
        now=OFTEN,
    )
    def rep_changes(self, rep, what, now):
        at = self.company.now
        away = f"{at.isoformat()}/{(at + 3 * DAY).isoformat()}"
        self.company.reps[rep] |= {
            "left_at": at if what == "leaves" else None,
            "absences": away if what == "is away" else None,
        }
        self.company.tell("rep", self.company.reps[rep])
        self._perhaps_tick(f"a rep {what}", now=now)

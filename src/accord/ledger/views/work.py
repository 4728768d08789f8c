"""Views of what sales and marketing owe each other: hand-overs, clocks, steps, touches."""

from __future__ import annotations

from accord.ledger.views.columns import count, flag, instant, number, score, text
from accord.ledger.views.definition import View, seconds_between

HANDOFF = View(
    name="v_handoff",
    grain="a hand-over to sales: at most one a lead, cycle and role",
    columns=(
        text("handoff_id", "handoff.handoff_id", "the hand-over"),
        text("lead_id", "handoff.lead_id", "the lead"),
        count("cycle", "handoff.cycle", "which entry into mql it belongs to"),
        text("stage", "handoff.stage", "mql: to development; sql: to an executive"),
        text("origin", "handoff.origin", "decided (by us) or observed (a source says so)"),
        text("segment", "handoff.segment", "of the lead then"),
        text("channel", "handoff.channel", "of the lead then"),
        text("campaign", "handoff.campaign", "of the lead then"),
        text("team", "handoff.team", "that it went to"),
        text("rep_id", "handoff.rep_id", "who has it now, or had it last; see v_handoff_owner"),
        flag("hot", "handoff.hot", "it was hot, and did not wait"),
        flag("forced", "handoff.forced", "over capacity, since it had waited too long"),
        flag("kept", "handoff.kept", "kept with its account's or its former rep"),
        instant("queued_at", "handoff.queued_at", "when it qualified and began to wait"),
        instant("assigned_at", "handoff.assigned_at", "when it got an owner; null while it waits"),
        number(
            "waited_seconds",
            seconds_between("handoff.queued_at", "handoff.assigned_at"),
            "wall-clock seconds from queued to assigned",
        ),
        instant("ended_at", "handoff.ended_at", "null while it is open"),
        text(
            "outcome",
            "handoff.outcome",
            "converted, deferred, returned, disqualified; merged, overtaken: another counts",
        ),
        flag(
            "counts",
            "COALESCE(handoff.outcome, '') NOT IN ('merged', 'overtaken')",
            "no other counts in its place",
        ),
        text("waits_for", "handoff.waits_for", "why it waits: capacity, approval, ..."),
        score("fit", "handoff.fit", "when it was handed over"),
        score("engagement", "handoff.engagement", "when it was handed over"),
        score("intent", "handoff.intent", "when it was handed over"),
        text("version", "handoff.version", "of the agreement it was decided under"),
    ),
    source="FROM handoff",
)

HANDOFF_OWNER = View(
    name="v_handoff_owner",
    grain="each time an owner was set for a hand-over; the newest is the owner",
    columns=(
        text("handoff_id", "handoff_owner.handoff_id", "the hand-over"),
        text("lead_id", "handoff.lead_id", "its lead"),
        instant("since", "handoff_owner.since", "from when on"),
        text("rep_id", "handoff_owner.rep_id", "who; null where nobody is named"),
        text("team", "handoff_owner.team", "which team"),
        text("why", "handoff_owner.why", "assigned, reassigned, observed, crm"),
    ),
    source="FROM handoff_owner LEFT JOIN handoff ON handoff.handoff_id = handoff_owner.handoff_id",
)

CLOCK = View(
    name="v_clock",
    grain="a clock: one term of the agreement, once, for one owner",
    note=(
        "No view knows what time it is. A running clock is overdue once `due_at` is past, and the"
        " metrics count it as breached from then on: compare `due_at` with your tool's now."
    ),
    columns=(
        text("clock_id", "clock.clock_id", "the clock"),
        text("lead_id", "clock.lead_id", "the lead; null for marketing's weekly terms"),
        text("handoff_id", "clock.handoff_id", "the hand-over, where it is about one"),
        text("term", "clock.term", "the term's name in the agreement"),
        text("side", "clock.side", "who owes it: sales, marketing"),
        text("from_event", "clock.from_event", "what started it"),
        text("until_event", "clock.until_event", "what meets it"),
        text("segment", "clock.segment", "of the lead then"),
        count("cycle", "clock.cycle", "of the lead then"),
        text("owner_id", "clock.owner_id", "the rep who owes it; null when nobody is named"),
        text("team", "clock.team", "of the owner then"),
        instant("started_at", "clock.started_at", "when it started"),
        instant("due_at", "clock.due_at", "a clock ended at exactly this instant is in time"),
        instant("ended_at", "clock.ended_at", "null while it runs, breached or not"),
        text("ended_by", "clock.ended_by", "met, transferred, cancelled; met may be late"),
        text(
            "verdict",
            "CASE WHEN clock.ended_at IS NULL THEN 'running'"
            " WHEN clock.ended_at > clock.due_at THEN 'breached' ELSE clock.ended_by END",
            "running; else met in time; breached: ended after it was due, however;"
            " transferred or cancelled before it was due, which counts for nobody",
        ),
        number(
            "within_seconds", "clock.within_us / 1000000.0", "the term, on the clock it runs on"
        ),
        flag("business", "clock.business", "it runs in open hours only"),
        text("calendar", "clock.calendar", "whose hours, by its name at the start"),
        number(
            "took_seconds",
            seconds_between("clock.started_at", "clock.ended_at"),
            "wall-clock seconds from start to end",
        ),
        number(
            "late_seconds",
            seconds_between("clock.due_at", "clock.ended_at"),
            "wall-clock seconds from due to end; below zero in time",
        ),
        text("escalation", "clock.escalation", "the ladder that it climbs"),
        text("origin", "clock.origin", "of its hand-over; observed ones never escalate"),
        text("version", "clock.version", "of the agreement it was started under"),
    ),
    source="FROM clock",
)

STEP = View(
    name="v_step",
    grain="a step of a clock's ladder that came due",
    columns=(
        text("clock_id", "step.clock_id", "the clock"),
        count("step", "step.step", "its number on the ladder, from 0"),
        text("moment", "step.at", "when it stands: 80%, due, due+2h"),
        text("lead_id", "clock.lead_id", "the clock's lead"),
        text("term", "clock.term", "the clock's term"),
        text("side", "clock.side", "who owes it"),
        text("owner_id", "clock.owner_id", "the rep who owes it"),
        text("team", "clock.team", "of the owner then"),
        instant("due_at", "step.due_at", "when the step was due"),
        instant("swept_at", "step.swept_at", "when it was seen to be due"),
        text("status", "step.status", "sent, skipped"),
        text("why", "step.why", "why it was skipped"),
    ),
    source="FROM step LEFT JOIN clock ON clock.clock_id = step.clock_id",
)

TOUCH = View(
    name="v_touch",
    grain="a touch of a lead by sales",
    columns=(
        text("touch_id", "touch.touch_id", "the touch"),
        text("lead_id", "touch.lead_id", "the lead"),
        text("rep_id", "touch.rep_id", "who; null where the source does not say"),
        text("channel", "touch.channel", "call, email, meeting, message, voicemail"),
        instant("touched_at", "touch.touched_at", "when"),
        text("outcome", "touch.outcome", "connected, ..."),
        flag("automatic", "touch.automatic", "sent by a machine: meets no term"),
        instant("known_at", "touch.known_at", "when we learnt of it"),
    ),
    source="FROM touch",
)

DECISION = View(
    name="v_decision",
    grain="a decision of sales about a lead, as the source says it",
    columns=(
        text("decision_id", "decision.decision_id", "the decision"),
        text("lead_id", "decision.lead_id", "the lead"),
        text("rep_id", "decision.rep_id", "who decided"),
        text("outcome", "decision.outcome", "accept, convert, defer, return, disqualify"),
        instant("decided_at", "decision.decided_at", "when"),
        instant("defer_until", "decision.defer_until", "when a deferred lead is to wake"),
        instant("known_at", "decision.known_at", "when we learnt of it"),
    ),
    source="FROM decision",
)

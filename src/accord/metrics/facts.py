"""The fact frames that metrics count: their columns and the dimensions each can be cut by.

All instants are whole microseconds since 1970 UTC (``*_us``, Int64 or int64), money is whole
hundredths (``*_cents``), dimensions are text or missing. What is missing is shown as (none).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NONE = "(none)"
"""How a missing member is shown."""

ALL = "all"
"""The dimension that does not divide."""

_LEAD = ("segment", "channel", "campaign", "industry", "country", "marketing_team")
_PEOPLE = ("team", "rep")
_BUCKETS = ("system_bucket", "system_open_bucket", "rep_bucket", "rep_open_bucket")

FRAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # One row a lead that stands (merged ones are with the lead they were merged into):
        # lead_id, created_us, won_us (its first won deal or entry into customer).
        "leads": _LEAD,
        # One row a standing move of a lead: lead_id, mark (the stage entered, or the step within
        # it), from_stage, programme, reason, at_us, and next_<mark>_us, the first later entry of
        # the same lead into that mark before it enters this one again.
        "entries": (*_LEAD, *_PEOPLE),
        # One row a deal: deal_id, state (open, won, lost), opened_us, closed_us, amount_cents,
        # priced (whether it states an amount), costed (and a cost too), cost_cents, margin_cents
        # (amount less cost; missing where one is), from_lead, lead_us (from the lead's entry into
        # the database to closing), cycle_us (from opening to closing). reason is why it was lost.
        "deals": (*_LEAD, *_PEOPLE, "product", "reason"),
        # One row a customer: customer (the account that its deals name, else their lead, else the
        # deal), won_us, its first won deal, of which the dimensions are.
        "customers": (*_LEAD, *_PEOPLE),
        # One row a stretch of time in which an open deal stood at one amount: deal_id, opened_us,
        # from_us (its opening, or when a changed amount became known), until_us, amount_cents.
        "amounts": (*_LEAD, *_PEOPLE),
        # One row a hand-over: handoff_id, stage (mql, sql), origin, hot, forced, queued_us,
        # assigned_us, ended_us, left_us (assigned or ended: no longer waiting), outcome and its
        # reason, accepted_us (the lead's entry into sal in that cycle).
        "handoffs": (*_LEAD, *_PEOPLE, "reason"),
        # One row a clock of a lead: clock_id, lead_id, term, side, started_us, due_us, ended_us,
        # ended_by, verdict (met, breached, or missing where neither) and settled_us, when that was
        # certain, wall_us and business_us from start to end.
        "clocks": (*_LEAD, *_PEOPLE, "term", "side"),
        # One row a hand-over at mql that was assigned: handoff_id, lead_id, origin, arrived_us,
        # assigned_us (to its first owner), touched_us (the first touch or decision), and how long
        # each part took: system_us (arrived to assigned), rep_us (assigned to touched), total_us
        # (arrived to touched), and the same as system_open_us, rep_open_us, total_open_us in open
        # time. The four buckets are those of these parts.
        "speeds": (*_LEAD, *_PEOPLE, *_BUCKETS),
        # One row an attempt to reach a lead, automatic ones left out: touch_id, outcome, at_us;
        # kind is by which channel sales tried (channel is where the lead came from).
        "touches": (*_LEAD, *_PEOPLE, "kind"),
        # One row a step of the cadence that an owner owed: handoff_id, since_us (the assignment),
        # due_us, done_us, verdict (kept, broken) and settled_us, when that was certain.
        "followups": (*_LEAD, *_PEOPLE, "step"),
        # One row a hand-over that somebody had: as handoffs, and attempts, those of its owners.
        "attempted": (*_LEAD, *_PEOPLE),
        # One row a deal that is won or lost and came from a lead: deal_id, state, closed_us,
        # contact_us (from the lead's first connected touch up to then to closing).
        "closings": (*_LEAD, *_PEOPLE),
        # One row an item of spend: at_us (its day begins, in the agreement's zone), amount_cents.
        "spend": ("channel", "campaign", "marketing_team"),
        # One row an agreed day and segment: at_us, the levelled share of the period's revenue goal
        # (revenue_cents) and of its plan (mql_micros, sql_micros, opportunity_micros, deal_micros).
        "goals": ("segment",),
        # One row a planning period and segment: from_us, until_us, revenue_cents.
        "targets": ("segment",),
        # One row an agreed day and rep who is there: at_us, role, rep_sevenths (a day is one of
        # seven of a week), capacity_sevenths (of the leads a week that the rep can take),
        # quota_cents (the day's share of what the rep is to win; missing where none is agreed).
        "rep_days": _PEOPLE,
        # One row an item that marketing is paid for, if an agreement was in force: kind
        # (accepted_mql, won_revenue), at_us (the acceptance, or the closing), handoff_id, deal_id,
        # lead_id, version and rate of the agreement in force then, base_cents (the amount of a won
        # deal that leads back to a hand-over at mql), amount_cents (what is paid). Channel and
        # campaign are those of the hand-over; marketing_team is whose channel it was then.
        "earnings": ("segment", "channel", "campaign", "marketing_team"),
        # One row a batch: at_us, rows_in, accepted, quarantined, duplicates, held.
        "batches": ("source", "entity"),
        # One row a batch and rule about rows that was asked of it: at_us, severity, failing.
        "failings": ("source", "entity", "rule"),
    }
)
"""Every frame and the dimensions it carries."""

DIMENSIONS: tuple[str, ...] = (
    ALL,
    *dict.fromkeys(name for dimensions in FRAMES.values() for name in dimensions),
)
"""Every dimension a metric can be asked by."""

UNSAID: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "leads": ("created_us",),
        "deals": ("opened_us", "closed_us"),
        "amounts": ("from_us",),
        "customers": ("won_us",),
        "closings": ("closed_us",),
        "earnings": ("at_us",),
    }
)
"""The instants that a source may leave out of what happened; any other that is missing is of what
has not happened. Over all time a fact counts without the first."""

BEGINS: Mapping[str, str] = MappingProxyType(
    {
        "leads": "created_us",
        "entries": "at_us",
        "deals": "opened_us",
        "customers": "won_us",
        "amounts": "opened_us",
        "handoffs": "queued_us",
        "clocks": "started_us",
        "speeds": "assigned_us",
        "touches": "at_us",
        "followups": "since_us",
        "attempted": "queued_us",
        "closings": "opened_us",
        "spend": "at_us",
        "goals": "at_us",
        "targets": "from_us",
        "rep_days": "at_us",
        "earnings": "at_us",
        "batches": "at_us",
        "failings": "at_us",
    }
)
"""The instant at which a fact of a frame first existed: before the first, a metric is missing."""

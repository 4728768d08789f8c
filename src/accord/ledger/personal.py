"""What is personal in the ledger, table by table: the list that erasing a person follows.

Every column of every table stands here once, under what becomes of it; a test holds the list
against the tables, so that a new column must be classified before it can be stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of one table, by what becomes of them when a person is erased.

    ``lead`` names the column that says whose row it is, None where rows are not a lead's. With
    ``removed`` the rows go whole, else these parts of them:
    """

    lead: str | None = None
    removed: bool = False
    personal: tuple[str, ...] = ()  # emptied in the person's rows
    words: tuple[str, ...] = ()  # free text: kept where it is a word of the agreement, else emptied
    quoting: tuple[str, ...] = ()  # may quote a person in passing: the quotation is cut out
    ids: tuple[str, ...] = ()  # stay; one that holds an e-mail, name or phone becomes a digest
    impersonal: tuple[str, ...] = ()  # stay: times, words of ours, counts, classes of companies
    staff: tuple[str, ...] = ()  # about those who work for us, not about a lead: stay

    of_others: tuple[str, ...] = ()  # of these, what quotes the person in others' rows is cut out

    def all(self) -> Iterator[str]:
        """Yield every column that is classified."""
        for field in fields(self):
            if field.name not in {"lead", "removed", "of_others"}:
                yield from getattr(self, field.name)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_OF_LEAD = _names("email name phone title company employees budget authority need timeline_days")
_OF_LEAD_STAYS = _names("created_at industry country channel campaign stage stage_at inferred")
_OF_DEAL_IDS = _names("opportunity_id lead_id rep_id")
_OF_DEAL_STAYS = _names(
    "industry country product stage step stage_at opened_at closed_at amount cost known_at"
)

PRIVACY: Mapping[str, Columns] = MappingProxyType(
    {
        "lead": Columns(
            lead="lead_id",
            personal=(*_OF_LEAD, *_names("domain mailbox company_key row_hash")),
            ids=("lead_id",),
            impersonal=(*_OF_LEAD_STAYS, *_names("segment current_stage cycle known_at")),
        ),
        "lead_version": Columns(
            lead="lead_id",
            personal=_OF_LEAD,
            ids=_names("lead_id batch_id"),
            impersonal=(*_OF_LEAD_STAYS, *_names("known_at row_number")),
        ),
        "touch": Columns(
            lead="lead_id",
            personal=("row_hash",),
            ids=_names("touch_id lead_id rep_id"),
            impersonal=_names("channel touched_at outcome automatic known_at"),
        ),
        "decision": Columns(
            lead="lead_id",
            personal=("row_hash",),
            words=("reason",),
            of_others=("reason",),
            ids=_names("decision_id lead_id rep_id"),
            impersonal=_names("outcome decided_at defer_until known_at"),
        ),
        "handoff_report": Columns(
            lead="lead_id",
            personal=("row_hash",),
            ids=_names("handoff_id lead_id rep_id"),
            impersonal=_names("handed_at stage known_at"),
        ),
        "opportunity": Columns(
            lead="lead_id",
            personal=_names("account row_hash"),
            words=("reason",),
            of_others=("reason",),
            ids=_OF_DEAL_IDS,
            impersonal=_OF_DEAL_STAYS,
        ),
        "opportunity_version": Columns(
            lead="lead_id",
            personal=("account",),
            words=("reason",),
            of_others=("reason",),
            ids=(*_OF_DEAL_IDS, "batch_id"),
            impersonal=(*_OF_DEAL_STAYS, "row_number"),
        ),
        "stage_change": Columns(
            lead="lead_id",
            words=("reason",),
            of_others=("reason",),
            ids=_names("change_id lead_id cause retracts"),
            impersonal=_names(
                "from_stage to_stage step programme cycle occurred_at position known_at origin"
                " inferred until version"
            ),
        ),
        "score": Columns(
            lead="lead_id",
            removed=True,
            personal=("reasons",),
            ids=("lead_id",),
            impersonal=_names("fit engagement intent position qualifies crossed scored_at version"),
        ),
        "score_change": Columns(
            lead="lead_id",
            removed=True,
            ids=("lead_id",),
            impersonal=_names("scored_at fit engagement intent version"),
        ),
        "pending": Columns(
            lead="lead_id",
            removed=True,
            ids=("lead_id",),
            impersonal=_names("pending_id need"),
        ),
        "handoff": Columns(
            lead="lead_id",
            ids=_names("handoff_id lead_id rep_id"),
            impersonal=_names(
                "cycle stage origin segment channel campaign team hot forced kept queued_at"
                " assigned_at ended_at outcome waits_for fit engagement intent version"
            ),
        ),
        "handoff_owner": Columns(
            ids=_names("handoff_id rep_id"), impersonal=_names("since team why")
        ),
        "clock": Columns(
            lead="lead_id",
            ids=_names("clock_id lead_id handoff_id owner_id"),
            impersonal=_names(
                "term side from_event until_event segment cycle team started_at within_us business"
                " calendar calendar_terms follows_owner pauses escalation steps due_at ended_at"
                " ended_by next_step next_step_at origin version"
            ),
        ),
        "step": Columns(ids=("clock_id",), impersonal=_names("step at due_at swept_at status why")),
        "outbox": Columns(
            lead="lead_id",
            personal=_names("payload payload_hash error"),
            of_others=_names("payload error"),
            ids=_names("key lead_id clock_id recipient"),
            quoting=("remote",),
            staff=("kept",),
            impersonal=_names(
                "outbox_id kind step status created_at not_before attempts leased_by leased_until"
                " sent_at written_at"
            ),
        ),
        "merge": Columns(
            lead="lead_id",
            ids=_names("lead_id into_lead_id"),
            impersonal=_names("merged_at why undone_at"),
        ),
        "apart": Columns(
            lead="lead_id", ids=_names("lead_id other_id"), impersonal=("decided_at",)
        ),
        # Found by what stands in them: whose rows they are is not known. They are emptied whole.
        "quarantine": Columns(
            personal=_names("row reasons"),
            ids=_names("batch_id record_key"),
            impersonal=_names(
                "row_number source entity status set_aside_at decided_at released_as"
            ),
        ),
        "flag": Columns(
            personal=("sentence",),
            ids=_names("batch_id record_key"),
            impersonal=_names("row_number rule entity flagged_at"),
        ),
        "batch": Columns(
            quoting=_names("place profile"),
            ids=("batch_id",),
            impersonal=_names(
                "source entity taken_at status rows_in accepted quarantined duplicates held flagged"
            ),
        ),
        "quality": Columns(
            quoting=("sentence",),
            ids=("batch_id",),
            impersonal=_names("rule severity checked failing outcome"),
        ),
        "sync": Columns(
            quoting=("cursor",), ids=_names("source batch_id"), impersonal=("synced_at",)
        ),
        "erasure": Columns(
            lead="lead_id",
            ids=_names("lead_id certificate_id"),
            impersonal=_names("erased_at why"),
        ),
        "erased_mailbox": Columns(lead="lead_id", ids=_names("digest lead_id")),
        "secret": Columns(impersonal=_names("name value")),
        "certificate": Columns(ids=("certificate_id",), impersonal=_names("erased_at content")),
        "counted": Columns(impersonal=_names("source day facts first_us digest")),
        "metric": Columns(
            impersonal=_names(
                "period metric dimension member revision numerator denominator value low high"
                " partial computed_at"
            )
        ),
        "spend": Columns(
            ids=("spend_id",),
            impersonal=_names("spent_on amount channel campaign known_at row_hash"),
        ),
        "turn": Columns(
            staff=("rep_id",),
            impersonal=_names("team hot taken carried weight stretch last_at"),
        ),
        "handoff_run": Columns(impersonal=_names("as_of decided")),
        "approval": Columns(staff=("approved_by",), impersonal=_names("approved_at handoffs")),
        "agreement": Columns(
            staff=("document",), impersonal=_names("version fingerprint effective_from seen_at")
        ),
        "signature": Columns(
            staff=("signed_by",), impersonal=_names("version side fingerprint signed_at")
        ),
        "rep": Columns(
            staff=_names("rep_id name email manager_id absences"),
            impersonal=_names(
                "role team calendar since weight per_week per_month left_at known_at row_hash"
            ),
        ),
        "posting": Columns(
            staff=("rep_id",), impersonal=_names("since known_at stated team calendar")
        ),
    }
)
"""Every table of the ledger."""

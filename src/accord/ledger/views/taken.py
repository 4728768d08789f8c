"""Views of what came in, what goes out, and under which agreement. No row's content."""

from __future__ import annotations

from accord.ledger.views.columns import count, date, flag, instant, text
from accord.ledger.views.definition import ByStore, View

BATCH = View(
    name="v_batch",
    grain="a batch that a source gave; rows_in = accepted + quarantined + duplicates + held",
    columns=(
        text("batch_id", "batch.batch_id", "the hash of its content and mapping"),
        text("source", "batch.source", "the source's name"),
        text("entity", "batch.entity", "what its rows are: lead, touch, ..."),
        instant("taken_at", "batch.taken_at", "when it was taken"),
        text("status", "batch.status", "taken; held: too many rows failed"),
        count("rows_in", "batch.rows_in", "rows that it had"),
        count("accepted", "batch.accepted", "rows taken, flagged ones too"),
        count("quarantined", "batch.quarantined", "rows set aside"),
        count("duplicates", "batch.duplicates", "rows that were known"),
        count("held", "batch.held", "all rows of a batch that was held"),
        count("flagged", "batch.flagged", "of the accepted, those that a rule flagged"),
    ),
    source="FROM batch",
)

QUALITY = View(
    name="v_quality",
    grain="a rule that was asked of a batch",
    columns=(
        text("batch_id", "quality.batch_id", "the batch"),
        text("source", "batch.source", "the batch's source"),
        text("entity", "batch.entity", "what its rows are"),
        instant("taken_at", "batch.taken_at", "when the batch was taken"),
        text("rule", "quality.rule", "the rule"),
        text("severity", "quality.severity", "flag, quarantine, hold"),
        count("checked", "quality.checked", "rows looked at; 0 for a rule about the batch"),
        count("failing", "quality.failing", "rows that fail"),
        text("outcome", "quality.outcome", "passed, tolerated, acted"),
    ),
    source="FROM quality LEFT JOIN batch ON batch.batch_id = quality.batch_id",
)

QUARANTINE = View(
    name="v_quarantine",
    grain="a reason for which a row was set aside",
    note="Count rows by `COUNT(DISTINCT row_number)` within a batch. What is in them stays out.",
    columns=(
        text("batch_id", "quarantine.batch_id", "the batch"),
        count("row_number", "quarantine.row_number", "1 is the first data row of the file"),
        count(
            "reason_number",
            ByStore(sqlite="reason.key + 1", postgresql="reason.number"),
            "1 is the row's first reason",
        ),
        text(
            "rule",
            ByStore(
                sqlite="json_extract(reason.value, '$.rule')", postgresql="reason.value ->> 'rule'"
            ),
            "the rule that it fails",
        ),
        text("source", "quarantine.source", "the source's name"),
        text("entity", "quarantine.entity", "what the row is"),
        text("status", "quarantine.status", "open, released, discarded, erased"),
        instant("set_aside_at", "quarantine.set_aside_at", "when"),
        instant("decided_at", "quarantine.decided_at", "when it was released or discarded"),
        text("released_as", "quarantine.released_as", "the batch that its release made"),
    ),
    source=ByStore(
        sqlite="FROM quarantine LEFT JOIN json_each(quarantine.reasons) AS reason ON TRUE",
        postgresql=(
            "FROM quarantine LEFT JOIN LATERAL json_array_elements(quarantine.reasons)"
            " WITH ORDINALITY AS reason(value, number) ON TRUE"
        ),
    ),
)

OUTBOX = View(
    name="v_outbox",
    grain="an effect that must reach the CRM or a person",
    columns=(
        count("outbox_id", "outbox.outbox_id", "the entry"),
        text("kind", "outbox.kind", "handoff, task, message"),
        text("lead_id", "outbox.lead_id", "the lead, where it is about one"),
        text("clock_id", "outbox.clock_id", "the clock, where it is about one"),
        count("step", "outbox.step", "the step of the clock's ladder"),
        text("recipient", "outbox.recipient", "id of whom a message tells; null for the CRM"),
        text("status", "outbox.status", "waiting, sent, dead, withdrawn, superseded"),
        instant("created_at", "outbox.created_at", "when it was written"),
        instant("not_before", "outbox.not_before", "when it may go, or be tried again"),
        count("attempts", "outbox.attempts", "how often it was tried"),
        instant("sent_at", "outbox.sent_at", "when it went"),
        instant("written_at", "outbox.written_at", "when the CRM says it wrote it"),
    ),
    source="FROM outbox",
)

_SIGNED = (
    "(SELECT signature.signed_at FROM signature WHERE signature.version = agreement.version"
    " AND signature.fingerprint = agreement.fingerprint AND signature.side = '{side}')"
)

AGREEMENT = View(
    name="v_agreement",
    grain="a version of the agreement and content seen of it",
    columns=(
        text("version", "agreement.version", "the version"),
        text("fingerprint", "agreement.fingerprint", "the hash of its content"),
        date("effective_from", "agreement.effective_from", "the first day it holds"),
        instant("seen_at", "agreement.seen_at", "when this content was first seen"),
        flag(
            "counts",
            "NOT EXISTS (SELECT 1 FROM agreement AS newer WHERE newer.version = agreement.version"
            " AND newer.seen_at > agreement.seen_at)",
            "it is the newest seen content of its version",
        ),
        instant(
            "marketing_signed_at", _SIGNED.format(side="marketing"), "when marketing signed this"
        ),
        instant("sales_signed_at", _SIGNED.format(side="sales"), "when sales signed this"),
    ),
    source="FROM agreement",
)

"""Views of leads: who is there, how they scored, how they moved. No personal data: ids only."""

from __future__ import annotations

from accord.ledger.views.columns import count, flag, instant, score, text
from accord.ledger.views.definition import View, holds_word

LEAD = View(
    name="v_lead",
    grain="a record of a lead, merged and erased ones too",
    note="To count people, keep those with `merged_into IS NULL`.",
    columns=(
        text("lead_id", "lead.lead_id", "the lead, prefixed by the system that gave the id"),
        instant("created_at", "lead.created_at", "when the record entered the database"),
        text("segment", "lead.segment", "by the agreement in force when written"),
        text("channel", "lead.channel", "where the lead came from"),
        text("campaign", "lead.campaign", "the campaign that brought it"),
        text("industry", "lead.industry", "of the lead's company"),
        text("country", "lead.country", "of the lead's company"),
        text("current_stage", "lead.current_stage", "where the lead stands now"),
        count("cycle", "lead.cycle", "how often it has entered mql"),
        score("fit", "score.fit", "who the lead is, to a tenth; null before it was scored"),
        score("engagement", "score.engagement", "what the lead did, decaying"),
        score("intent", "score.intent", "what the lead did that shows a wish to buy, decaying"),
        text(
            "buying_position",
            "score.position",
            "furthest of attention, interest, desire, action that its activities show",
        ),
        flag("is_engaged", holds_word("score.qualifies", "engaged"), "reaches engaged now"),
        flag("is_target", holds_word("score.qualifies", "target"), "reaches target now"),
        flag("is_mql", holds_word("score.qualifies", "mql"), "qualifies for sales now"),
        flag("is_hot", holds_word("score.qualifies", "hot"), "is hot now"),
        instant("scored_at", "score.scored_at", "when these scores were computed"),
        text("scored_under", "score.version", "version of the agreement they were computed under"),
        text(
            "merged_into",
            "(SELECT merge.into_lead_id FROM merge WHERE merge.lead_id = lead.lead_id"
            " AND merge.undone_at IS NULL ORDER BY merge.merged_at DESC LIMIT 1)",
            "the lead that this record has become part of; null if it stands for itself",
        ),
        instant("erased_at", "erasure.erased_at", "when the person was erased; null if not"),
        instant("known_at", "lead.known_at", "when the newest of it was learnt"),
    ),
    source=(
        "FROM lead LEFT JOIN score ON score.lead_id = lead.lead_id"
        " LEFT JOIN erasure ON erasure.lead_id = lead.lead_id"
    ),
)

SCORE_CHANGE = View(
    name="v_score_change",
    grain="a change of a lead's scores",
    columns=(
        text("lead_id", "score_change.lead_id", "the lead"),
        instant("scored_at", "score_change.scored_at", "from when on it has these scores"),
        score("fit", "score_change.fit", "who the lead is"),
        score("engagement", "score_change.engagement", "what the lead did, decaying"),
        score("intent", "score_change.intent", "what shows a wish to buy, decaying"),
        text("version", "score_change.version", "of the agreement"),
    ),
    source="FROM score_change",
)

STAGE_CHANGE = View(
    name="v_stage_change",
    grain="a move of a lead that holds: neither a retraction nor what one took back",
    columns=(
        text("change_id", "stage_change.change_id", "the move"),
        text("lead_id", "stage_change.lead_id", "the lead"),
        text("from_stage", "stage_change.from_stage", "null where the lead had none yet"),
        text("to_stage", "stage_change.to_stage", "the stage it entered"),
        text("step", "stage_change.step", "within opportunity: proposal, contracting"),
        text("programme", "stage_change.programme", "of nurture: new, returned, lost"),
        count("cycle", "stage_change.cycle", "how often the lead had entered mql by then"),
        instant("occurred_at", "stage_change.occurred_at", "when it moved"),
        count("position", "stage_change.position", "order among a lead's moves at one instant"),
        instant("known_at", "stage_change.known_at", "when we learnt of it"),
        text("origin", "stage_change.origin", "decided (by us) or observed (a source says so)"),
        flag("inferred", "stage_change.inferred", "the source skipped this stage"),
        text(
            "reason",
            "stage_change.reason",
            "why sales gave it back or up: a word of the agreement, or what the source says",
        ),
        instant("wakes_at", "stage_change.until", "when a deferred lead wakes"),
        text("version", "stage_change.version", "of the agreement it was decided under"),
    ),
    # Nearly all moves retract none: SQLite would take that index and read them all for one lead.
    source=(
        "FROM stage_change WHERE COALESCE(stage_change.retracts, '') = ''"
        " AND NOT EXISTS (SELECT 1 FROM stage_change AS later"
        " WHERE later.retracts = stage_change.change_id)"
    ),
)

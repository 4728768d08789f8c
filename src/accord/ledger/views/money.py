"""Views of deals, spend and our own reps."""

from __future__ import annotations

from accord.ledger.views.columns import count, date, instant, money, number, text
from accord.ledger.views.definition import View

OPPORTUNITY = View(
    name="v_opportunity",
    grain="a deal, its newest content",
    columns=(
        text("opportunity_id", "opportunity.opportunity_id", "the deal"),
        text("lead_id", "opportunity.lead_id", "its lead; null where it came from none"),
        text("rep_id", "opportunity.rep_id", "whose it is"),
        text("industry", "opportunity.industry", "of the account"),
        text("country", "opportunity.country", "of the account"),
        text("product", "opportunity.product", "what is sold"),
        text("stage", "opportunity.stage", "opportunity, customer, lost"),
        text("step", "opportunity.step", "proposal, contracting"),
        text(
            "state",
            "CASE opportunity.stage WHEN 'customer' THEN 'won' WHEN 'lost' THEN 'lost'"
            " ELSE 'open' END",
            "won, lost, open",
        ),
        instant("stage_at", "opportunity.stage_at", "since when it stands there"),
        instant("opened_at", "opportunity.opened_at", "when it was opened"),
        instant("closed_at", "opportunity.closed_at", "when it was won or lost, if that is said"),
        money("amount", "opportunity.amount", "what it is worth, in the agreement's currency"),
        money("cost", "opportunity.cost", "what it costs us"),
        text("reason", "opportunity.reason", "why it was lost, as the source says it"),
        instant("known_at", "opportunity.known_at", "when the newest of it was learnt"),
    ),
    source="FROM opportunity",
)

SPEND = View(
    name="v_spend",
    grain="an amount that marketing spent on a day",
    columns=(
        text("spend_id", "spend.spend_id", "the record"),
        date("spent_on", "spend.spent_on", "the day"),
        money("amount", "spend.amount", "how much, in the agreement's currency"),
        text("channel", "spend.channel", "on which channel"),
        text("campaign", "spend.campaign", "for which campaign"),
        instant("known_at", "spend.known_at", "when we learnt of it"),
    ),
    source="FROM spend",
)

REP = View(
    name="v_rep",
    grain="a rep of ours, as the source says last",
    note=(
        "The name is a colleague's: reports show it too, and a chart of ids helps nobody. E-mail"
        " and absences stay out. Where colleagues are not to be compared by name, grant the other"
        " columns alone, as shown above."
    ),
    columns=(
        text("rep_id", "rep.rep_id", "the rep"),
        text("name", "rep.name", "the colleague's name"),
        text("role", "rep.role", "sdr, ae, manager, ..."),
        text("team", "rep.team", "the team now"),
        text("manager_id", "rep.manager_id", "whom they report to"),
        text("calendar", "rep.calendar", "whose hours they work, by its name in the agreement"),
        number("weight", "rep.weight", "share of the team's leads, where the source says one"),
        count("per_week", "rep.per_week", "leads they can take in a week"),
        count("per_month", "rep.per_month", "leads they can take in a month"),
        instant("since", "rep.since", "since when team and calendar hold, if that is said"),
        instant("left_at", "rep.left_at", "when they left"),
    ),
    source="FROM rep",
)

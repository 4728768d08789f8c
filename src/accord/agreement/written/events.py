"""The events a term may name, and the stages, as both teams understand them.

What they mean to the clock stands in the project's semantics; these are the same in fewer words.
"""

from __future__ import annotations

from collections.abc import Mapping

from accord.records import Stage

STAGE_TITLES: Mapping[Stage, str] = {
    Stage.NEW_NAME: "New name",
    Stage.ENGAGED: "Engaged",
    Stage.TARGET: "Target",
    Stage.MQL: "MQL, marketing qualified lead",
    Stage.SAL: "SAL, sales accepted lead",
    Stage.SQL: "SQL, sales qualified lead",
    Stage.OPPORTUNITY: "Opportunity",
    Stage.CUSTOMER: "Customer",
    Stage.NURTURE: "Nurture",
    Stage.DEFERRED: "Deferred",
    Stage.LOST: "Lost",
    Stage.DISQUALIFIED: "Disqualified",
}

STAGE_MEANINGS: Mapping[Stage, str] = {
    Stage.NEW_NAME: "a record that has entered the database, and nothing more is known",
    Stage.ENGAGED: "somebody who did something that counts, as its threshold in chapter 2 says",
    Stage.TARGET: "a potential buyer by what it is and does, as its threshold in chapter 2 says",
    Stage.MQL: "ready to be reached out to, as its threshold in chapter 2 says; handed to a"
    " development rep of sales",
    Stage.SAL: "taken up by the development rep, who works on it and decides",
    Stage.SQL: "judged ready to buy by the development rep, and handed to an account executive",
    Stage.OPPORTUNITY: "accepted by the account executive and worked as a deal",
    Stage.CUSTOMER: "the deal is won",
    Stage.NURTURE: "not ready: with marketing until it is",
    Stage.DEFERRED: "to be asked again on a date it named; it is an MQL again that day",
    Stage.LOST: "the deal did not come about",
    Stage.DISQUALIFIED: "will not buy, and is never handed over again",
}

EVENT_WORDS: Mapping[str, str] = {
    "assigned": "the lead is given to an owner",
    "touch": "the owner genuinely tries to reach the lead by call, e-mail, meeting or message,"
    " or decides about it",
    "touched": "the owner has first tried to reach the lead",
    "decision": "sales decides: convert, defer, return or disqualify",
    "returned": "sales sends the lead back, or loses its opportunity",
    "nurture_activity": "marketing first nurtures the lead by a mail, an invitation or an"
    " enrolment",
    "activity": "the lead does anything that earns points",
    "closed": "the deal is won or lost",
    **{
        f"entered_{stage.value}": f"the lead becomes {title.partition(',')[0]}"
        for stage, title in STAGE_TITLES.items()
    },
}
"""Each event of the closed list as a clause."""

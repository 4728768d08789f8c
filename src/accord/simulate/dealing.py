"""How an account executive answers a hand-off at sql: open a deal and bring it to its end.

Cycles are compressed: a deal that takes a quarter elsewhere is won or lost here within weeks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from accord.records import DecisionOutcome
from accord.simulate.diary import Answer, Diary, Record, Request, Setting, text
from accord.simulate.prospects import Nature
from accord.simulate.qualifying import come_back
from accord.simulate.streams import minutes

_OPENS = {Nature.BUYER: 0.88, Nature.LATER: 0.82, Nature.RESEARCHER: 0.4}
_GOES_ON: Mapping[Nature, tuple[float, float, float]] = {
    Nature.BUYER: (0.84, 0.84, 0.95),
    Nature.LATER: (0.8, 0.8, 0.92),
}
"""Chances of a proposal, of contracting after it, and of the deal after that."""
_SELDOM = (0.4, 0.3, 0.3)


def answer_at_sql(request: Request, setting: Setting, chance: Random) -> Answer:
    """Return what the executive does: talk, then a deal within the week, or back to marketing."""
    diary = Diary(request, setting, chance)
    first = diary.at_work(request.start, 0.3, 7)
    diary.touch(first, diary.setting.prospect.best_channel, "connected")
    decides = diary.at_work(first, 3, 26)
    before = tuple(diary.records)
    if not diary.likely(0.06):
        _judge(diary, decides)
        return Answer(records=tuple(diary.records))

    def told(at: datetime) -> tuple[Record, ...]:
        _judge(diary, diary.at_work(max(at, decides), 1, 6))
        return tuple(diary.records[len(before) :])

    until = first + timedelta(days=11)
    return Answer(records=before, waits_for="manager", until=until, then=told)


def _judge(diary: Diary, at: datetime) -> None:
    nature = diary.setting.prospect.nature
    if diary.likely(_OPENS.get(nature, 0.15)):
        _open(diary, at)
    elif diary.likely(0.75):
        reason = diary.reason("returned", "went_cold", "not_ready", "no_budget")
        diary.decide(at, DecisionOutcome.RETURN, reason)
        come_back(diary, diary.nurture(at))
    else:
        diary.decide(
            at, DecisionOutcome.DISQUALIFY, diary.reason("disqualified", "not_a_fit", "bad_data")
        )


def _open(diary: Diary, opened: datetime) -> None:
    """Open the deal and lead it on, step by step, until it is won, lost or cold."""
    chances = _GOES_ON.get(diary.setting.prospect.nature, _SELDOM)
    diary.decide(opened, DecisionOutcome.CONVERT)
    _state(diary, opened, opened, "Engaging")
    at = opened
    for step, goes_on in zip(("proposal", "contracting"), chances[:2], strict=True):
        at = diary.at_work(at, 8, 26)
        if not diary.likely(goes_on):
            _lose(diary, opened, at)
            return
        diary.touch(at - minutes(50), "meeting", "connected")
        _state(diary, opened, at, "Engaging", step=step)
    closed = diary.at_work(at, 8, 28)
    if diary.likely(chances[2]):
        _state(diary, opened, closed, "Won")
    else:
        _lose(diary, opened, closed)


def _lose(diary: Diary, opened: datetime, at: datetime) -> None:
    """Lose the deal, or find that it has gone cold; marketing takes the lead back either way."""
    if diary.likely(0.2):
        diary.decide(at, DecisionOutcome.RETURN, diary.reason("returned", "went_cold", "timing"))
        reason = diary.reason("lost", "no_decision")
    else:
        reason = diary.reason("lost", "price", "competitor", "no_decision", "missing_feature")
    _state(diary, opened, at, "Closed Lost", reason=reason)
    come_back(diary, diary.nurture(at))


def _state(diary: Diary, opened: datetime, at: datetime, stage: str, **columns: str) -> None:
    """Write down where the deal stands from ``at`` on; Won and Closed Lost close it."""
    account = diary.setting.prospect.account
    closed = stage != "Engaging"
    diary.deal(
        at,
        account=account.name,
        industry=account.industry,
        country=account.country,
        stage=stage,
        step=columns.get("step", ""),
        stage_at=text(at),
        opened_at=text(opened),
        closed_at=text(at) if closed else "",
        amount=str(_amount(diary, won=stage == "Won")),
        cost=str(_cost(diary)) if stage == "Won" else "",
        reason=columns.get("reason", ""),
    )


def _amount(diary: Diary, *, won: bool) -> Decimal:
    """A won deal brings what the truth says it is worth; before, the hope is a tenth higher."""
    value = diary.setting.prospect.value
    return (value if won else value * Decimal("1.1")).quantize(Decimal("0.01"))


def _cost(diary: Diary) -> Decimal:
    share = Decimal(diary.chance.randint(30, 60)) / 100
    return (diary.setting.prospect.value * share).quantize(Decimal("0.01"))

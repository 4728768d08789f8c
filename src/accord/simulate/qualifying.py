"""How a development rep answers a hand-off at mql, by habit and by the truth about the lead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

from accord.records import DecisionOutcome
from accord.simulate.behaviour import return_visit
from accord.simulate.diary import Answer, Diary, Record, Request, Setting
from accord.simulate.people import Habit
from accord.simulate.prospects import Nature
from accord.simulate.streams import hours, minutes, pick

CONVERT, DEFER = DecisionOutcome.CONVERT, DecisionOutcome.DEFER
RETURN, DISQUALIFY = DecisionOutcome.RETURN, DecisionOutcome.DISQUALIFY

_FIRST_MINUTES: Mapping[Habit, tuple[float, float]] = {
    Habit.FAST: (0.9, 0.45),
    Habit.STEADY: (1.35, 0.75),
    Habit.SLOW: (3.2, 0.9),
    Habit.FORGETFUL: (1.7, 0.9),
}
"""Mean and spread of the logarithm of the minutes to the first touch."""

_FORGETS = {Habit.FORGETFUL: 0.3, Habit.SLOW: 0.08, Habit.STEADY: 0.03}
_TOLD_BY = {"rep": 45.0, "manager": 40.0, "ceo": 15.0}
_ANSWERS_PHONE = {Nature.BUYER: 0.5, Nature.LATER: 0.45, Nature.RESEARCHER: 0.33}
_OUTCOMES: Mapping[Nature, Mapping[DecisionOutcome, float]] = {
    Nature.BUYER: {CONVERT: 86, DEFER: 6, RETURN: 8},
    Nature.LATER: {CONVERT: 14, DEFER: 62, RETURN: 24},
    Nature.RESEARCHER: {CONVERT: 17, DEFER: 9, RETURN: 66, DISQUALIFY: 8},
    Nature.CASUAL: {CONVERT: 6, DEFER: 4, RETURN: 62, DISQUALIFY: 28},
    Nature.COMPETITOR: {RETURN: 8, DISQUALIFY: 92},
    Nature.STUDENT: {DISQUALIFY: 100},
    Nature.SPAM: {DISQUALIFY: 100},
}
_AWAKE = {CONVERT: 75, RETURN: 25}
_WHY_NOT = {
    Nature.COMPETITOR: ("competitor",),
    Nature.STUDENT: ("student",),
    Nature.SPAM: ("spam", "bad_data"),
}


def answer_at_mql(request: Request, setting: Setting, chance: Random) -> Answer:
    """Return what the rep does with the lead, and what only after being told."""
    forgets = chance.random() < _FORGETS.get(setting.habit, 0.0)
    told_by = pick(chance, _TOLD_BY)
    diary = Diary(request, setting, chance)
    if not forgets:
        return _work(diary, _first_touch(diary))

    def told(at: datetime) -> tuple[Record, ...]:
        started = diary.at_work(at, 0.1, 0.8)
        answer = _work(diary, started, dawdles=False)
        return answer.records

    until = request.start + timedelta(days=5)
    return Answer(records=(), waits_for=told_by, until=until, then=told)


def _first_touch(diary: Diary) -> datetime:
    mean, spread = _FIRST_MINUTES[diary.setting.habit]
    delay = min(diary.chance.lognormvariate(mean, spread), 400)
    if diary.request.hot:
        delay *= 0.7
    return diary.at_work(diary.request.start, delay / 60, delay / 60)


def _work(diary: Diary, first: datetime, *, dawdles: bool | None = None) -> Answer:
    """Call until somebody answers, accept the lead, and decide within days; some must be told."""
    connected, last = _reach(diary, first)
    dawdles = diary.likely(0.07) if dawdles is None else dawdles
    if connected is None:
        _give_up(diary, last)
        return Answer(records=tuple(diary.records))
    _talk(diary, connected)
    decided = diary.at_work(max(connected, last), 2, 22)
    if not dawdles:
        _decide(diary, decided)
        return Answer(records=tuple(diary.records))
    before = tuple(diary.records)

    def told(at: datetime) -> tuple[Record, ...]:
        _decide(diary, diary.at_work(max(at, decided), 0.5, 6))
        return tuple(diary.records[len(before) :])

    until = connected + timedelta(days=12)
    return Answer(records=before, waits_for="rep", until=until, then=told)


def _reach(diary: Diary, first: datetime) -> tuple[datetime | None, datetime]:
    """Follow the cadence's calls; return when the lead answered (None: never) and the last try."""
    nature = diary.setting.prospect.nature
    answers = _ANSWERS_PHONE.get(nature, 0.25)
    if diary.since(first) < timedelta(minutes=15):
        answers += 0.2
    at = first
    for attempt, pause in enumerate((9, 8, 24, 0)):
        if diary.likely(answers):
            diary.touch(at, "call", "connected")
            return at, at
        diary.touch(at, "call", "no_answer")
        if diary.likely(0.75):
            diary.touch(at + minutes(2), "voicemail", "left_message")
        if attempt < 2 and diary.likely(0.8):  # noqa: PLR2004
            diary.touch(diary.at_work(at, 0.1, 0.45), "email")
        answers -= 0.03
        if pause:
            at = diary.at_work(at, pause - 1.5, pause + 1)
    return None, at


def _give_up(diary: Diary, last: datetime) -> None:
    at = diary.at_work(last, 4, 10)
    spam = diary.setting.prospect.nature is Nature.SPAM
    if spam:
        diary.decide(at, DISQUALIFY, diary.reason("disqualified", "bad_data", "spam"))
    else:
        _send_back(diary, at, "no_response")


def _talk(diary: Diary, connected: datetime) -> None:
    """Accept the lead, send a summary, and mostly meet."""
    if diary.likely(0.92):
        diary.decide(connected + minutes(diary.chance.uniform(3, 30)), DecisionOutcome.ACCEPT)
    if diary.likely(0.85):
        diary.touch(diary.at_work(connected, 0.2, 1.8), "email")
    if diary.likely(0.55):
        diary.touch(diary.at_work(connected, 5, 20), "meeting", "connected")


def _decide(diary: Diary, at: datetime) -> None:
    prospect = diary.setting.prospect
    awake = prospect.nature is Nature.LATER and diary.request.cycle > 1
    outcome = pick(diary.chance, _AWAKE if awake else _OUTCOMES[prospect.nature])
    at = max([at, *(record.at + minutes(1) for record in diary.records)])
    if outcome is CONVERT:
        diary.decide(at, CONVERT)
    elif outcome is DEFER:
        wakes = at.replace(hour=13, minute=0, second=0) + timedelta(
            days=diary.chance.randint(3, 12)
        )
        reason = diary.reason("deferred", "later_this_year", "budget_cycle", "busy")
        diary.decide(at, DEFER, reason, wakes)
    elif outcome is DISQUALIFY:
        wanted = _WHY_NOT.get(prospect.nature, ("not_a_fit", "bad_data"))
        diary.decide(at, DISQUALIFY, diary.reason("disqualified", *wanted))
    else:
        _send_back(diary, at, "not_ready", "no_budget", "timing", "wrong_contact")


def _send_back(diary: Diary, at: datetime, *reasons: str) -> None:
    """Return the lead; marketing writes to it, and it may come and read again."""
    diary.decide(at, RETURN, diary.reason("returned", *reasons))
    wrote = diary.nurture(at)
    come_back(diary, wrote)


def come_back(diary: Diary, wrote: datetime) -> None:
    """Let a lead that marketing wrote to look again within weeks, if it ever cared."""
    prospect = diary.setting.prospect
    if prospect.nature in (Nature.BUYER, Nature.LATER, Nature.RESEARCHER) and diary.likely(0.6):
        days = diary.chance.uniform(1, 34)
        country = prospect.account.country
        for act in return_visit(wrote + hours(1), days, country, diary.chance):
            diary.act(act.at, act.kind, act.detail)

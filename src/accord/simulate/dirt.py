"""Rows that are wrong in known ways, drawn beside the clean ones from streams of their own.

A dirty row is always an extra one: the clean record it resembles stands as well, so what the
system makes of the clean rows does not depend on the dirt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from accord.records import Entity
from accord.simulate.diary import Record, activity_row, text
from accord.simulate.prospects import Prospect
from accord.simulate.rows import lead_row, local_text
from accord.simulate.streams import hours, pick, stream


class Flaw(StrEnum):
    """What is wrong with a row."""

    BAD_EMAIL = "bad_email"
    BAD_DATE = "bad_date"
    BAD_NUMBER = "bad_number"
    MISSING_ID = "missing_id"
    NEGATIVE_EMPLOYEES = "negative_employees"
    UNKNOWN_WORD = "unknown_word"
    DUPLICATE_ROW = "duplicate_row"
    FAR_FUTURE = "far_future"
    UNKNOWN_LEAD = "unknown_lead"
    SAME_PERSON = "same_person"


class Expected(StrEnum):
    """What the system is to make of a dirty row."""

    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    FLAGGED = "flagged"
    MERGED = "merged"


EXPECTED: Mapping[Flaw, Expected] = {
    Flaw.BAD_EMAIL: Expected.QUARANTINED,
    Flaw.BAD_DATE: Expected.QUARANTINED,
    Flaw.BAD_NUMBER: Expected.QUARANTINED,
    Flaw.MISSING_ID: Expected.QUARANTINED,
    Flaw.NEGATIVE_EMPLOYEES: Expected.QUARANTINED,
    Flaw.UNKNOWN_WORD: Expected.QUARANTINED,
    Flaw.DUPLICATE_ROW: Expected.DUPLICATE,
    Flaw.FAR_FUTURE: Expected.QUARANTINED,
    Flaw.UNKNOWN_LEAD: Expected.FLAGGED,
    Flaw.SAME_PERSON: Expected.MERGED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dirty:
    """A dirty row, what is wrong with it, and of which record it is about (ids only)."""

    record: Record
    flaw: Flaw


_Spoil = Callable[[Record, Random], Record]

_LEAD_FLAWS = {
    Flaw.BAD_EMAIL: 2,
    Flaw.BAD_DATE: 2,
    Flaw.MISSING_ID: 2,
    Flaw.NEGATIVE_EMPLOYEES: 2,
    Flaw.DUPLICATE_ROW: 4,
    Flaw.SAME_PERSON: 5,
}
_ACTIVITY_FLAWS = {
    Flaw.DUPLICATE_ROW: 5,
    Flaw.BAD_DATE: 2,
    Flaw.MISSING_ID: 2,
    Flaw.FAR_FUTURE: 2,
    Flaw.UNKNOWN_LEAD: 2,
}
_FACT_FLAWS = {
    Flaw.DUPLICATE_ROW: 3,
    Flaw.BAD_DATE: 2,
    Flaw.MISSING_ID: 2,
    Flaw.UNKNOWN_WORD: 3,
    Flaw.UNKNOWN_LEAD: 2,
}
_SPEND_FLAWS = {Flaw.BAD_NUMBER: 1, Flaw.BAD_DATE: 1, Flaw.DUPLICATE_ROW: 1}
_SHARES = {
    Entity.LEAD: (0.045, _LEAD_FLAWS),
    Entity.ACTIVITY: (0.004, _ACTIVITY_FLAWS),
    Entity.TOUCH: (0.03, _FACT_FLAWS),
    Entity.DECISION: (0.03, _FACT_FLAWS),
    Entity.SPEND: (0.03, _SPEND_FLAWS),
}
_DATE_COLUMN = {Entity.LEAD: "created", Entity.SPEND: "day"}
_WORD_COLUMN = {Entity.TOUCH: "how", Entity.DECISION: "decision"}


def dirt_beside(seed: int, record: Record) -> Dirty | None:
    """Return the dirty row that follows a clean one of touches, decisions, activities or spend."""
    share, flaws = _SHARES.get(record.entity, (0.0, {}))
    if not share:
        return None
    chance = stream(seed, "dirt", record.record_id)
    if chance.random() >= share:
        return None
    flaw = pick(chance, flaws)
    return Dirty(record=_SPOILT[flaw](record, chance), flaw=flaw)


def dirt_beside_lead(seed: int, prospect: Prospect, record: Record) -> Iterator[Dirty]:
    """Yield what goes wrong around a new lead: broken forms of others, or the person once more.

    The person's second record comes under another id, with the e-mail written otherwise.
    """
    share, flaws = _SHARES[Entity.LEAD]
    chance = stream(seed, "dirt", prospect.lead_id)
    if chance.random() >= share:
        return
    flaw = pick(chance, flaws)
    if flaw is Flaw.SAME_PERSON:
        yield Dirty(record=_second_record(prospect, chance), flaw=flaw)
    elif flaw is not Flaw.DUPLICATE_ROW:
        yield Dirty(record=_SPOILT[flaw](_stranger(prospect, record), chance), flaw=flaw)
    elif prospect.answered_on is None or prospect.answered_on <= record.at:
        yield Dirty(record=_repeat(record, chance), flaw=flaw)


def second_id(prospect: Prospect) -> str:
    """Return the id under which a person's second record stands, if there is one."""
    return f"{prospect.lead_id}B"


def _second_record(prospect: Prospect, chance: Random) -> Record:
    """The same person once more, later: another id, the e-mail in capitals, little else told."""
    at = (prospect.created_at + hours(chance.uniform(2, 70))).replace(microsecond=0)
    row = lead_row(replace(prospect, states_company=False), answered=False)
    local, _, domain = prospect.email.partition("@")
    row |= {
        "id": second_id(prospect),
        "created": local_text(at),
        "mail": chance.choice((prospect.email.upper(), f"{local.title()}@{domain}")),
    }
    return Record(at=at, entity=Entity.LEAD, record_id=row["id"], row=row)


def _stranger(prospect: Prospect, record: Record) -> Record:
    """A form filled by somebody who is never seen again."""
    row = record.row | {
        "id": f"{prospect.lead_id}X",
        "mail": f"visitor.{prospect.lead_id.lower()}@{prospect.account.domain}",
        "full_name": "A Visitor",
        "phone": "",
    }
    return replace(record, record_id=row["id"], row=row)


def _repeat(record: Record, chance: Random) -> Record:
    """The same row again: at once, or with a later export."""
    if chance.random() < 0.5:  # noqa: PLR2004
        return record
    return replace(record, at=record.at + hours(chance.uniform(1, 30)))


def _with(record: Record, letter: str, **columns: str) -> Record:
    """A row of its own that differs in these columns; its id gets the letter appended."""
    row = record.row | {"id": record.row["id"] + letter} | columns
    return replace(record, record_id=row["id"] or record.record_id + letter, row=row)


def _bad_date(record: Record, chance: Random) -> Record:
    column = _DATE_COLUMN.get(record.entity, "at")
    return _with(record, "d", **{column: chance.choice(("31/31/2026", "soon", "2026-13-45"))})


def _missing_id(record: Record, _chance: Random) -> Record:
    return _with(record, "m", id="")


def _bad_email(record: Record, chance: Random) -> Record:
    return _with(record, "e", mail=chance.choice(("none", "name at firm", "a@b", "@firm.example")))


def _negative_employees(record: Record, chance: Random) -> Record:
    return _with(record, "n", employees=str(-chance.randint(1, 500)))


def _bad_number(record: Record, chance: Random) -> Record:
    return _with(record, "a", amount=chance.choice(("twelve", "12,5,1", "1.2.3")))


def _unknown_word(record: Record, chance: Random) -> Record:
    word = chance.choice(("pigeon", "telepathy", "sort of"))
    return _with(record, "w", **{_WORD_COLUMN[record.entity]: word})


def _far_future(record: Record, chance: Random) -> Record:
    later = record.at + timedelta(days=chance.randint(300, 900))
    return _with(record, "f", at=text(later))


def _unknown_lead(record: Record, _chance: Random) -> Record:
    return _with(record, "u", lead=f"L999{record.row['lead'][4:]}")


_SPOILT: Mapping[Flaw, _Spoil] = {
    Flaw.BAD_EMAIL: _bad_email,
    Flaw.BAD_DATE: _bad_date,
    Flaw.BAD_NUMBER: _bad_number,
    Flaw.MISSING_ID: _missing_id,
    Flaw.NEGATIVE_EMPLOYEES: _negative_employees,
    Flaw.UNKNOWN_WORD: _unknown_word,
    Flaw.DUPLICATE_ROW: _repeat,
    Flaw.FAR_FUTURE: _far_future,
    Flaw.UNKNOWN_LEAD: _unknown_lead,
}


def acts_of_second_record(seed: int, lead_id: str, at: datetime) -> Iterator[Record]:
    """Yield the little that a person does under the second record."""
    chance = stream(seed, "second", lead_id)
    for number, kind in enumerate(("page_viewed", "form_submitted")):
        moment = at + timedelta(minutes=3 + 4 * number, seconds=chance.randrange(60))
        record_id = f"A-{lead_id}-{number:03d}"
        row = activity_row(record_id, lead_id, kind, moment, "/product")
        yield Record(at=moment, entity=Entity.ACTIVITY, record_id=record_id, row=row)

"""The frame that rules look at: a batch's columns as they are, and a few that say more.

Derived columns of text hold a reason where something is amiss and null elsewhere, so that the rule
over them is that they be null. Money is a float here: only its sign is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from accord.records import SCHEMAS, DecisionOutcome, Entity, Kind, Stage

_REASONS_OF = {
    DecisionOutcome.RETURN: "returned",
    DecisionOutcome.DEFER: "deferred",
    DecisionOutcome.DISQUALIFY: "disqualified",
}
_CLOSED = (Stage.CUSTOMER.value, Stage.LOST.value)
_DAY_SECONDS = 86_400
_STAMP: Any = "datetime64[us, UTC]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a batch is judged against, besides itself.

    ``lead_created_at`` maps the leads that are known to when they were created; the rest is from
    the agreement: reasons by outcome, names of teams and calendars, steps of an opportunity.
    """

    as_of: datetime
    lead_created_at: Mapping[str, datetime] = field(default_factory=dict)
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    teams: frozenset[str] = frozenset()
    calendars: frozenset[str] = frozenset()
    steps: tuple[str, ...] = ()


def checked_frame(
    entity: Entity, frame: pd.DataFrame, faults: pd.DataFrame, around: Surroundings
) -> pd.DataFrame:
    """Return the columns that rules may name, same rows and index (from 0) as the batch.

    ``faults`` lists text that was no value of its field: position, field, expected.
    """
    columns = {name: frame[name] for name in frame.columns}
    schema = SCHEMAS[entity]
    for one in schema.fields:
        if one.kind is Kind.MONEY:
            columns[one.name] = frame[one.name].astype("float64")
        if one.kind is Kind.DATE:
            columns[one.name] = pd.to_datetime(frame[one.name], utc=True).astype(_STAMP)
    columns["unparsed"] = _unparsed(frame, faults)
    columns["missing"] = _missing(entity, frame, faults)
    if "lead_id" in frame.columns and entity is not Entity.LEAD:
        columns |= _of_lead(frame, around, at=_when(entity, frame))
    extra = _EXTRA.get(entity)
    if extra is not None:
        columns |= extra(frame, around)
    return pd.DataFrame(columns, index=frame.index)


def _text(frame: pd.DataFrame) -> pd.Series:
    return pd.Series([None] * len(frame), index=frame.index, dtype="str")


def _unparsed(frame: pd.DataFrame, faults: pd.DataFrame) -> pd.Series:
    found = _text(frame)
    if len(faults):
        sentences = faults["field"] + " is not " + faults["expected"]
        joined = sentences.groupby(faults["position"]).agg("; ".join)
        found.loc[joined.index] = joined.astype("str")
    return found


def _missing(entity: Entity, frame: pd.DataFrame, faults: pd.DataFrame) -> pd.Series:
    """Name the required fields that hold nothing, but for those whose text was no value."""
    found = _text(frame)
    for one in SCHEMAS[entity].fields:
        if not one.required:
            continue
        lacks = frame[one.name].isna()
        lacks[faults.loc[faults["field"] == one.name, "position"].to_numpy(dtype="int64")] = False
        if lacks.any():
            found[lacks] = found[lacks].fillna("").str.cat([f", {one.name}"] * int(lacks.sum()))
    return found.str.removeprefix(", ")


def _when(entity: Entity, frame: pd.DataFrame) -> pd.Series:
    """Say when a record happened; a deal, when it was opened, won or lost, whichever was first."""
    at = SCHEMAS[entity].at
    if entity is Entity.OPPORTUNITY or at is None:
        ends = [frame["opened_at"], _closed_at(frame)]
        return pd.Series(pd.concat(ends, axis=1).min(axis=1).astype(_STAMP))
    return pd.Series(frame[at])


def _closed_at(frame: pd.DataFrame) -> pd.Series:
    """Say when a deal was won or lost; of an open deal it is a forecast, and left out."""
    return frame["closed_at"].where(frame["stage"].isin(_CLOSED))


def _of_lead(frame: pd.DataFrame, around: Surroundings, *, at: pd.Series) -> dict[str, pd.Series]:
    created = frame["lead_id"].map(around.lead_created_at).astype(_STAMP)
    known = created.notna().astype("boolean").where(frame["lead_id"].notna())
    return {"days_after_lead": _days(created, at), "lead_known": known}


def _days(since: pd.Series, until: pd.Series) -> pd.Series:
    return pd.Series((until - since).dt.total_seconds() / _DAY_SECONDS)


def _say(frame: pd.DataFrame, amiss: pd.Series, sentence: str | pd.Series) -> pd.Series:
    return _text(frame).mask(amiss.fillna(value=False).astype(bool), sentence)


def _of_decision(frame: pd.DataFrame, around: Surroundings) -> dict[str, pd.Series]:
    unlisted = _text(frame)
    for outcome, name in _REASONS_OF.items():
        theirs = frame["outcome"].eq(outcome.value)
        listed = _is_listed(frame["reason"], around.reasons.get(name, ()))
        given = frame["reason"].notna()
        unlisted = unlisted.mask(theirs & ~given, f"{outcome} without a reason")
        sentence = f"its reason is not among the agreement's for {name}"
        unlisted = unlisted.mask(theirs & given & ~listed, sentence)
    endless = frame["outcome"].eq(DecisionOutcome.DEFER.value) & frame["defer_until"].isna()
    return {
        "unlisted_reason": unlisted,
        "endless_deferral": _say(frame, endless, "deferred without a date to wake on"),
    }


def _is_listed(words: pd.Series, listed: tuple[str, ...]) -> pd.Series:
    return words.str.casefold().isin([word.casefold() for word in listed])


def _of_opportunity(frame: pd.DataFrame, around: Surroundings) -> dict[str, pd.Series]:
    closed = frame["stage"].isin(_CLOSED)
    closed_at = _closed_at(frame)
    reason = frame["reason"].notna() & ~_is_listed(frame["reason"], around.reasons.get("lost", ()))
    lost = frame["stage"].eq(Stage.LOST.value)
    step = frame["step"].notna() & ~frame["step"].isin(around.steps)
    return {
        "closed_at": closed_at,
        "days_open": _days(frame["opened_at"], closed_at),
        "undated_close": _say(
            frame, closed & frame["closed_at"].isna(), "won or lost, but nobody says when"
        ),
        "unlisted_reason": _say(
            frame, lost & reason, "its reason is not among the agreement's for lost"
        ),
        "unlisted_step": _say(frame, step, "its step is not among the agreement's"),
    }


def _of_rep(frame: pd.DataFrame, around: Surroundings) -> dict[str, pd.Series]:
    calendar = frame["calendar"].notna() & ~frame["calendar"].isin(around.calendars)
    team = frame["team"].notna() & ~frame["team"].isin(around.teams)
    return {
        "unlisted_calendar": _say(frame, calendar, "its calendar is not in the agreement"),
        "unlisted_team": _say(frame, team, "its team is not in the agreement"),
    }


_EXTRA = {
    Entity.DECISION: _of_decision,
    Entity.OPPORTUNITY: _of_opportunity,
    Entity.REP: _of_rep,
}

"""The schemas of the eight canonical records.

One :class:`Schema` an entity: its fields, their kinds, its key and the time that places it. A
frame of records has one column a field. Ids that name something in a source are text, prefixed
by the source's system (``crm:0031t00001``); times are UTC; money is ``Decimal``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from accord.records.vocabulary import (
    Channel,
    DecisionOutcome,
    Entity,
    HandoffStage,
    Role,
    Stage,
    TouchOutcome,
)


class Kind(StrEnum):
    """What a field holds, and so how it stands in a frame (pandas 3) and in a store."""

    ID = "id"  # text, prefixed by the system                 str
    TEXT = "text"  # text as given                            str
    WORD = "word"  # one of a closed vocabulary               str
    INTEGER = "integer"  # whole number                       Int64
    NUMBER = "number"  # decimal number                       float64
    MONEY = "money"  # exact amount in the agreement's currency   object (Decimal or None)
    FLAG = "flag"  # true or false                            boolean
    INSTANT = "instant"  # UTC, microseconds                  datetime64[us, UTC]
    DATE = "date"  # calendar day                             object (datetime.date or None)
    SPANS = "spans"  # absences: "from/until" pairs joined by ";", ISO 8601   str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a record: its name, kind, whether it must be there, and what it means.

    ``longest`` is how many characters the stores keep of it, in keys and indexes; None is any.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    words: tuple[str, ...] = ()
    longest: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """One entity: ``key`` is the field that names a record, ``at`` the instant that places it."""

    entity: Entity
    key: str
    at: str | None
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """Return the field of that name; KeyError if the entity has none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields, in order."""
        return tuple(field.name for field in self.fields)


_LONGEST = 200
_LONGEST_MAILBOX = 320  # RFC 3696: 64 before the @, 255 after it
_LONGEST_STEP = 32


def _id(name: str, meaning: str, *, required: bool = False) -> Field:
    return Field(name=name, kind=Kind.ID, meaning=meaning, required=required, longest=_LONGEST)


def _text(name: str, meaning: str, *, longest: int | None = None) -> Field:
    return Field(name=name, kind=Kind.TEXT, meaning=meaning, longest=longest)


def _at(name: str, meaning: str, *, required: bool = False) -> Field:
    return Field(name=name, kind=Kind.INSTANT, meaning=meaning, required=required)


def _word(name: str, meaning: str, words: type[StrEnum], *, required: bool = False) -> Field:
    return Field(
        name=name,
        kind=Kind.WORD,
        meaning=meaning,
        required=required,
        words=tuple(word.value for word in words),
    )


LEAD = Schema(
    entity=Entity.LEAD,
    key="lead_id",
    at="created_at",
    fields=(
        _id("lead_id", "the person or company, as its source names it", required=True),
        _at(
            "created_at",
            "when the record entered the database; the run's as_of if the source has no date",
        ),
        _text("email", "mail address", longest=_LONGEST_MAILBOX),
        _text("name", "full name"),
        _text("phone", "telephone"),
        _text("title", "job title"),
        _text("company", "company name"),
        _text("industry", "industry of the company", longest=_LONGEST),
        _text("country", "ISO 3166 alpha-2 code of the company's country", longest=_LONGEST),
        Field(name="employees", kind=Kind.INTEGER, meaning="size of the company"),
        Field(name="budget", kind=Kind.MONEY, meaning="stated budget"),
        Field(name="authority", kind=Kind.FLAG, meaning="may the person decide"),
        _text("need", "stated need"),
        Field(name="timeline_days", kind=Kind.INTEGER, meaning="days until they want to decide"),
        _text("channel", "how the lead came in: paid_search, email, ...", longest=_LONGEST),
        _text("campaign", "the campaign or landing page that brought it", longest=_LONGEST),
        _word("stage", "stage that the source states, by alias", Stage),
        _at("stage_at", "when the stated stage was entered; created_at if not given"),
    ),
)

ACTIVITY = Schema(
    entity=Entity.ACTIVITY,
    key="activity_id",
    at="occurred_at",
    fields=(
        _id("activity_id", "the activity", required=True),
        _id("lead_id", "who did it", required=True),
        Field(
            name="kind", kind=Kind.TEXT, meaning="what was done: email_opened, ...", required=True
        ),
        _at("occurred_at", "when", required=True),
        _text("detail", "page, mail, asset or campaign"),
    ),
)

HANDOFF = Schema(
    entity=Entity.HANDOFF,
    key="handoff_id",
    at="handed_at",
    fields=(
        _id("handoff_id", "the hand-over", required=True),
        _id("lead_id", "who was handed over", required=True),
        _at("handed_at", "when", required=True),
        _word("stage", "at mql or at sql; mql if not given", HandoffStage),
        _id("rep_id", "to whom, if the source says so"),
    ),
)

TOUCH = Schema(
    entity=Entity.TOUCH,
    key="touch_id",
    at="touched_at",
    fields=(
        _id("touch_id", "the attempt", required=True),
        _id("lead_id", "who was contacted", required=True),
        _id("rep_id", "by whom, if the source says so"),
        _word("channel", "how", Channel, required=True),
        _at("touched_at", "when", required=True),
        _word("outcome", "what came of it", TouchOutcome),
        Field(name="automatic", kind=Kind.FLAG, meaning="an automatic reply or a message of ours"),
    ),
)

DECISION = Schema(
    entity=Entity.DECISION,
    key="decision_id",
    at="decided_at",
    fields=(
        _id("decision_id", "the decision", required=True),
        _id("lead_id", "about whom", required=True),
        _id("rep_id", "by whom"),
        _word("outcome", "what", DecisionOutcome, required=True),
        _at("decided_at", "when", required=True),
        _text("reason", "why, from the agreement's reasons"),
        _at("defer_until", "when a deferred lead wakes"),
    ),
)

OPPORTUNITY = Schema(
    entity=Entity.OPPORTUNITY,
    key="opportunity_id",
    at="opened_at",
    fields=(
        _id("opportunity_id", "the deal", required=True),
        _id("lead_id", "the lead it came from; a deal may have none"),
        _id("rep_id", "whose deal"),
        _text("account", "company of the deal"),
        _text("industry", "industry of the account", longest=_LONGEST),
        _text("country", "country of the account", longest=_LONGEST),
        _text("product", "what is sold"),
        _word(
            "stage", "stage that the source states, by alias; customer is won", Stage, required=True
        ),
        _text("step", "proposal or contracting, while it is an opportunity", longest=_LONGEST_STEP),
        _at("stage_at", "when stage and step were entered"),
        _at("opened_at", "when it became an opportunity"),
        _at("closed_at", "when it was won or lost"),
        Field(name="amount", kind=Kind.MONEY, meaning="value; of a won deal, its revenue"),
        Field(name="cost", kind=Kind.MONEY, meaning="cost of delivering it"),
        _text("reason", "why it was lost"),
    ),
)

SPEND = Schema(
    entity=Entity.SPEND,
    key="spend_id",
    at=None,
    fields=(
        _id("spend_id", "the item", required=True),
        Field(name="spent_on", kind=Kind.DATE, meaning="day", required=True),
        Field(name="amount", kind=Kind.MONEY, meaning="how much", required=True),
        _text("channel", "for which channel", longest=_LONGEST),
        _text("campaign", "for which campaign", longest=_LONGEST),
    ),
)

REP = Schema(
    entity=Entity.REP,
    key="rep_id",
    at=None,
    fields=(
        _id("rep_id", "the person", required=True),
        _text("name", "full name"),
        _text("email", "mail address", longest=_LONGEST_MAILBOX),
        _word("role", "sdr, ae, manager or marketing", Role, required=True),
        _text("team", "team of the agreement", longest=_LONGEST),
        _id("manager_id", "the manager's rep_id"),
        _text("calendar", "calendar of the agreement; the team's if not given", longest=_LONGEST),
        _at("since", "since when this team and calendar hold; when we learn of it if not given"),
        Field(name="weight", kind=Kind.NUMBER, meaning="share of the team's leads"),
        Field(
            name="per_week", kind=Kind.INTEGER, meaning="leads a week; the agreement's if not given"
        ),
        Field(
            name="per_month",
            kind=Kind.INTEGER,
            meaning="leads a month; the agreement's if not given",
        ),
        Field(name="absences", kind=Kind.SPANS, meaning="from/until pairs of instants"),
        _at("left_at", "when the person left"),
    ),
)

SCHEMAS: Mapping[Entity, Schema] = MappingProxyType(
    {
        schema.entity: schema
        for schema in (LEAD, ACTIVITY, HANDOFF, TOUCH, DECISION, OPPORTUNITY, SPEND, REP)
    }
)
"""Every entity's schema."""

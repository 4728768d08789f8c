"""The closed vocabularies of the canonical records and of the lifecycle.

Words of a source are turned into these by its mapping; everything behind the mapping speaks
only these.
"""

from __future__ import annotations

from enum import StrEnum


class Entity(StrEnum):
    """The eight canonical records."""

    LEAD = "lead"
    ACTIVITY = "activity"
    HANDOFF = "handoff"
    TOUCH = "touch"
    DECISION = "decision"
    OPPORTUNITY = "opportunity"
    SPEND = "spend"
    REP = "rep"


class Stage(StrEnum):
    """Where a lead stands in the revenue cycle, in the order of the funnel; the last four aside."""

    NEW_NAME = "new_name"
    ENGAGED = "engaged"
    TARGET = "target"
    MQL = "mql"
    SAL = "sal"
    SQL = "sql"
    OPPORTUNITY = "opportunity"
    CUSTOMER = "customer"
    NURTURE = "nurture"
    DEFERRED = "deferred"
    LOST = "lost"
    DISQUALIFIED = "disqualified"


FUNNEL: tuple[Stage, ...] = (
    Stage.NEW_NAME,
    Stage.ENGAGED,
    Stage.TARGET,
    Stage.MQL,
    Stage.SAL,
    Stage.SQL,
    Stage.OPPORTUNITY,
    Stage.CUSTOMER,
)
"""The stages of the main path, first to last."""

ASIDE: tuple[Stage, ...] = (Stage.NURTURE, Stage.DEFERRED, Stage.LOST, Stage.DISQUALIFIED)
"""The stages beside the main path."""


class Part(StrEnum):
    """The part of the funnel a stage belongs to."""

    TOP = "top"
    MIDDLE = "middle"
    BOTTOM = "bottom"
    ASIDE = "aside"


class Side(StrEnum):
    """The two parties of the agreement."""

    MARKETING = "marketing"
    SALES = "sales"


class Programme(StrEnum):
    """Marketing's nurture programmes: who comes to them from where."""

    NEW = "new"
    RETURNED = "returned"
    LOST = "lost"


class Role(StrEnum):
    """What a person does: development rep, account executive, manager, marketing."""

    SDR = "sdr"
    AE = "ae"
    MANAGER = "manager"
    MARKETING = "marketing"


class HandoffStage(StrEnum):
    """The two hand-overs: at mql to a development rep, at sql to an account executive."""

    MQL = "mql"
    SQL = "sql"


class Origin(StrEnum):
    """Decided: ours. Observed: a source says that it happened. Only decided reaches the outbox."""

    DECIDED = "decided"
    OBSERVED = "observed"


class Channel(StrEnum):
    """How a rep reaches out."""

    CALL = "call"
    EMAIL = "email"
    MEETING = "meeting"
    MESSAGE = "message"
    VOICEMAIL = "voicemail"


class TouchOutcome(StrEnum):
    """What came of a touch."""

    CONNECTED = "connected"
    NO_ANSWER = "no_answer"
    LEFT_MESSAGE = "left_message"
    BOUNCED = "bounced"


class DecisionOutcome(StrEnum):
    """What sales decided. Accepting is no outcome of qualification: it marks the lead as worked."""

    ACCEPT = "accept"
    CONVERT = "convert"
    DEFER = "defer"
    RETURN = "return"
    DISQUALIFY = "disqualify"

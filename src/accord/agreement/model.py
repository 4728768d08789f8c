"""The agreement in its full shape: frozen pydantic models, unknown keys forbidden.

What a section *means* stands in the project's semantics; what makes a section incoherent is
checked in :mod:`accord.agreement.checks`. A model here only knows the shape of its own values.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from accord.agreement.values import DurationField, ShareField, StepAtField
from accord.conditions import ConditionField
from accord.findings import Finding
from accord.records import Channel, Part, Programme, Role, Side, Stage

Money = Annotated[
    Decimal, BeforeValidator(lambda value: str(value) if isinstance(value, float) else value)
]


class Terms(BaseModel):
    """Base of every section: frozen, unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Signature(Terms):
    """One side's signature under this version."""

    team: Side
    name: str
    date: date


class StageTerms(Terms):
    """One stage: its part of the funnel, who owns the way into it, and the words sources use."""

    part: Part
    owner: Side
    aliases: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    programmes: tuple[Programme, ...] = ()


class Segment(Terms):
    """One segment; the first whose condition holds takes the lead."""

    name: str
    when: ConditionField | None = None


class FitRule(Terms):
    """Points for what a lead is."""

    name: str
    part: Literal["person", "account", "bant"]
    when: ConditionField
    points: Decimal


class Fit(Terms):
    """The explicit score."""

    cap: Decimal
    rules: tuple[FitRule, ...]


Shows = Literal["attention", "interest", "desire", "action"]


class ActivityTerms(Terms):
    """Points for one kind of activity; ``cap`` bounds the size of points x weight."""

    points: Decimal
    cap: Annotated[Decimal, Field(ge=0)] | None = None
    shows: Shows | None = None
    half_life: DurationField | None = None


class Implicit(Terms):
    """A score of decaying activities: engagement or intent."""

    cap: Decimal
    half_life: DurationField
    activities: Mapping[str, ActivityTerms]


class Scoring(Terms):
    """The three scores, never blended."""

    fit: Fit
    engagement: Implicit
    intent: Implicit


class Requalify(Terms):
    """When a lead that sales sent back may come again."""

    after: DurationField
    fresh_activity: bool


class Qualification(Terms):
    """Thresholds on the scores as shown: conditions over fit, engagement and intent."""

    engaged: ConditionField
    target: ConditionField
    mql: ConditionField
    hot: ConditionField
    requalify: Requalify


class QualityTerms(Terms):
    """Share of failing rows above which a whole batch waits for a person."""

    hold_batch_above: ShareField


class Capacity(Terms):
    """Leads a rep can take; both bind."""

    per_week: Annotated[int, Field(ge=0)]
    per_month: Annotated[int, Field(ge=0)]


class Quota(Terms):
    """A team's goal in revenue."""

    revenue: Money
    per: Literal["month", "quarter", "year"]


class Team(Terms):
    """A team: what its people do, its calendar, its quota or its channels."""

    role: Role
    calendar: str
    quota: Quota | None = None
    channels: tuple[str, ...] = ()


class RoutingRule(Terms):
    """First match wins; a rule without ``when`` matches everything."""

    team: str
    when: ConditionField | None = None


class Routing(Terms):
    """The rules of the two hand-overs."""

    mql: tuple[RoutingRule, ...]
    sql: tuple[RoutingRule, ...]


class HandoffTerms(Terms):
    """How leads are handed over."""

    capacity: Capacity
    hold_at_most: DurationField
    approval_above: Annotated[Decimal, Field(gt=0)]
    keep_account_together: bool
    routing: Routing


class SlaTerm(Terms):
    """One clock: from an event until an event within a time."""

    from_: Annotated[str, Field(alias="from")]
    until: str
    within: DurationField
    clock: Literal["business", "wall"]
    escalation: str
    calendar: str | None = None
    pauses: tuple[Literal["owner_away"], ...] = ()
    by_segment: Mapping[str, DurationField] = {}


class VolumeTerm(Terms):
    """MQLs a week per segment, as a share of the plan's."""

    mqls_per_week: Literal["plan"] | Annotated[int, Field(ge=0)]
    at_least: ShareField
    escalation: str


class AcceptanceTerm(Terms):
    """Accepted / handed over, of a week's cohort."""

    at_least: ShareField
    escalation: str


class Step(Terms):
    """One rung of a ladder."""

    at: StepAtField
    notify: tuple[str, ...]


class Person(Terms):
    """Somebody who is told: not a rep of the records."""

    email: str
    calendar: str


class Sla(Terms):
    """Terms of both sides, ladders, reasons and people.

    ``marketing`` maps a name to a clock, but for ``volume`` and ``acceptance``, which are weekly.
    """

    sales: Mapping[str, SlaTerm]
    marketing: Mapping[str, SlaTerm | VolumeTerm | AcceptanceTerm]
    escalation: Mapping[str, tuple[Step, ...]]
    reasons: Mapping[Literal["returned", "deferred", "disqualified", "lost"], tuple[str, ...]]
    people: Mapping[str, Person]
    quiet_hours: Literal["outside_calendar", "never"]


class CadenceStep(Terms):
    """One step of the playbook, on the rep's calendar."""

    channel: Channel
    within: DurationField
    otherwise: Literal["voicemail"] | None = None
    template: str | None = None


class Cadence(Terms):
    """What a rep owes each lead: before and after the first connected touch."""

    not_connected: tuple[CadenceStep, ...]
    connected: tuple[CadenceStep, ...]


class Conversion(Terms):
    """Expected stage conversions, shares."""

    mql_to_sql: ShareField
    sql_to_opportunity: ShareField
    opportunity_to_proposal: ShareField
    proposal_to_contracting: ShareField
    contracting_to_deal: ShareField


class SegmentTarget(Terms):
    """One segment's goal of a period."""

    revenue: Money
    average_deal: Annotated[Money, Field(gt=0)]
    revenue_share: ShareField | None = None


class Targets(Terms):
    """The common goals the plan is computed from."""

    period: Literal["month", "quarter", "year"]
    rounding: Literal["nearest", "ceil"]
    marketing_share: ShareField
    conversion: Conversion
    segments: Mapping[str, SegmentTarget]


class MarketingCommission(Terms):
    """What marketing is paid on."""

    per_accepted_mql: Money
    of_won_revenue: ShareField


class Commission(Terms):
    """One shared interest."""

    marketing: MarketingCommission


class Review(Terms):
    """When which report goes to whom: ``at`` is ``[mon..sun or 1..28] HH:MM``."""

    at: str
    what: Literal["pace", "week", "month", "pipeline"]
    to: tuple[str, ...]
    every: str | None = None


class Agreement(Terms):
    """The whole agreement of one version.

    ``fingerprint`` is the hash of its content without ``signed_by``, ``document`` the text it was
    read from, ``warnings`` what was found that is no fault.
    """

    version: str
    effective_from: date
    signed_by: tuple[Signature, ...] = ()
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    timezone: str
    stages: Mapping[Stage, StageTerms]
    segments: tuple[Segment, ...]
    scoring: Scoring
    qualification: Qualification
    quality: QualityTerms
    calendars: Mapping[str, Mapping[str, Any]]
    teams: Mapping[str, Team]
    handoff: HandoffTerms
    sla: Sla
    cadence: Cadence
    targets: Targets
    commission: Commission
    reviews: Mapping[str, Review]

    fingerprint: Annotated[str, Field(exclude=True)] = ""
    document: Annotated[str, Field(exclude=True, repr=False)] = ""
    warnings: Annotated[tuple[Finding, ...], Field(exclude=True)] = ()

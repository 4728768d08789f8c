"""The agreement in its full shape: frozen pydantic models, unknown keys forbidden.

What a section *means* stands in the project's semantics; what makes a section incoherent is
checked in :mod:`accord.agreement.checks`. A model here only knows the shape of its own values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, WrapValidator

from accord.agreement.values import (
    CurrencyField,
    DayField,
    DurationField,
    FlagField,
    MoneyField,
    NumberField,
    PositiveDurationField,
    RateField,
    ShareField,
    StepAtField,
    TextField,
    VolumeField,
    WholeField,
    parse_text,
)
from accord.conditions import ConditionField
from accord.findings import Finding
from accord.records import Channel, Part, Programme, Role, Side, Stage


class Terms(BaseModel):
    """Base of every section: frozen, unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Signature(Terms):
    """One side's signature under this version."""

    team: Side
    name: TextField
    date: DayField


class StageTerms(Terms):
    """One stage: its part of the funnel, who owns the way into it, and the words sources use."""

    part: Part
    owner: Side
    aliases: tuple[TextField, ...] = ()
    steps: tuple[TextField, ...] = ()
    programmes: tuple[Programme, ...] = ()


class Segment(Terms):
    """One segment; the first whose condition holds takes the lead."""

    name: TextField
    when: ConditionField | None = None


class FitRule(Terms):
    """Points for what a lead is."""

    name: TextField
    part: Literal["person", "account", "bant"]
    when: ConditionField
    points: NumberField


class Fit(Terms):
    """The explicit score."""

    cap: Annotated[NumberField, Field(gt=0)]
    rules: tuple[FitRule, ...]


Shows = Literal["attention", "interest", "desire", "action"]


class ActivityTerms(Terms):
    """Points for one kind of activity; ``cap`` bounds the size of points x weight."""

    points: NumberField
    cap: Annotated[NumberField, Field(ge=0)] | None = None
    shows: Shows | None = None
    half_life: PositiveDurationField | None = None


class Implicit(Terms):
    """A score of decaying activities: engagement or intent."""

    cap: Annotated[NumberField, Field(gt=0)]
    half_life: PositiveDurationField
    activities: Mapping[TextField, ActivityTerms]


class Scoring(Terms):
    """The three scores, never blended."""

    fit: Fit
    engagement: Implicit
    intent: Implicit


class Requalify(Terms):
    """When a lead that sales sent back may come again."""

    after: DurationField
    fresh_activity: FlagField


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

    per_week: Annotated[WholeField, Field(ge=0)]
    per_month: Annotated[WholeField, Field(ge=0)]


class Quota(Terms):
    """What each rep of a team is to win, in revenue."""

    revenue: MoneyField
    per: Literal["month", "quarter", "year"]


class Team(Terms):
    """A team: what its people do, its calendar, its quota or its channels."""

    role: Role
    calendar: TextField
    quota: Quota | None = None
    channels: tuple[TextField, ...] = ()


class RoutingRule(Terms):
    """First match wins; a rule without ``when`` matches everything."""

    team: TextField
    when: ConditionField | None = None


class Routing(Terms):
    """The rules of the two hand-overs."""

    mql: tuple[RoutingRule, ...]
    sql: tuple[RoutingRule, ...]


class HandoffTerms(Terms):
    """How leads are handed over."""

    capacity: Capacity
    hold_at_most: DurationField
    approval_above: Annotated[NumberField, Field(gt=0)]
    keep_account_together: FlagField
    routing: Routing


class SlaTerm(Terms):
    """One clock: from an event until an event within a time."""

    from_: Annotated[TextField, Field(alias="from")]
    until: TextField
    within: DurationField
    clock: Literal["business", "wall"]
    escalation: TextField
    calendar: TextField | None = None
    pauses: tuple[Literal["owner_away"], ...] = ()
    by_segment: Mapping[TextField, DurationField] = {}


class VolumeTerm(Terms):
    """MQLs a week per segment, as a share of the plan's."""

    mqls_per_week: VolumeField
    at_least: ShareField
    escalation: TextField


class AcceptanceTerm(Terms):
    """Accepted / handed over, of a week's cohort."""

    at_least: ShareField
    escalation: TextField


class NestedError(ValueError):
    """Errors of the entries of one map, as pydantic lists them, each with its place in the map."""

    def __init__(self, errors: list[Any]) -> None:
        self.errors = errors
        super().__init__(f"{len(errors)} errors")


_WEEKLY: Mapping[str, type[Terms]] = {"volume": VolumeTerm, "acceptance": AcceptanceTerm}


def _read_marketing(value: Any, _: Any) -> dict[str, Terms]:
    """Read marketing's terms: the key says which kind of term stands there."""
    if not isinstance(value, Mapping):
        message = f"{value!r} is no map; write a name and a term a line"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError only
    terms: dict[str, Terms] = {}
    errors: list[Any] = []
    for name, term in value.items():
        try:
            terms[parse_text(name)] = _WEEKLY.get(name, SlaTerm).model_validate(term)
        except ValidationError as error:
            errors.extend({**one, "loc": (name, *one["loc"])} for one in error.errors())
        except ValueError as error:
            errors.append({"type": "value_error", "loc": (name,), "ctx": {"error": error}})
    if errors:
        raise NestedError(errors)
    return terms


MarketingTerms = Annotated[
    Mapping[TextField, SlaTerm | VolumeTerm | AcceptanceTerm], WrapValidator(_read_marketing)
]


class Step(Terms):
    """One rung of a ladder."""

    at: StepAtField
    notify: tuple[TextField, ...]


class Person(Terms):
    """Somebody who is told: not a rep of the records."""

    email: TextField
    calendar: TextField


class Sla(Terms):
    """Terms of both sides, ladders, reasons and people.

    ``marketing`` maps a name to a clock, but for ``volume`` and ``acceptance``, which are weekly.
    """

    sales: Mapping[TextField, SlaTerm]
    marketing: MarketingTerms
    escalation: Mapping[TextField, tuple[Step, ...]]
    reasons: Mapping[Literal["returned", "deferred", "disqualified", "lost"], tuple[TextField, ...]]
    people: Mapping[TextField, Person]
    quiet_hours: Literal["outside_calendar", "never"]


class CadenceStep(Terms):
    """One step of the playbook, on the rep's calendar."""

    channel: Channel
    within: DurationField
    otherwise: Literal["voicemail"] | None = None
    template: TextField | None = None


class Cadence(Terms):
    """What a rep owes each lead: before and after the first connected touch."""

    not_connected: tuple[CadenceStep, ...]
    connected: tuple[CadenceStep, ...]


class Conversion(Terms):
    """Expected stage conversions, shares."""

    mql_to_sql: RateField
    sql_to_opportunity: RateField
    opportunity_to_proposal: RateField
    proposal_to_contracting: RateField
    contracting_to_deal: RateField


class SegmentTarget(Terms):
    """One segment's goal of a period.

    ``mqls`` is what marketing promises of it, where that is not what the goal needs.
    """

    revenue: MoneyField
    average_deal: Annotated[MoneyField, Field(gt=0)]
    revenue_share: ShareField | None = None
    mqls: Annotated[int, Field(ge=0)] | None = None


class Targets(Terms):
    """The common goals the plan is computed from."""

    period: Literal["month", "quarter", "year"]
    rounding: Literal["nearest", "ceil"]
    marketing_share: ShareField
    conversion: Conversion
    segments: Mapping[TextField, SegmentTarget]


class MarketingCommission(Terms):
    """What marketing is paid on."""

    per_accepted_mql: MoneyField
    of_won_revenue: ShareField


class Commission(Terms):
    """One shared interest."""

    marketing: MarketingCommission


class Review(Terms):
    """When which report goes to whom: ``at`` is ``[mon..sun or 1..28] HH:MM``."""

    at: TextField
    what: Literal["pace", "week", "month", "pipeline"]
    to: tuple[TextField, ...]
    every: TextField | None = None


class Agreement(Terms):
    """The whole agreement of one version.

    Every reference in it stands (teams, calendars, ladders, segments): the loader has checked.
    """

    version: TextField
    effective_from: DayField
    signed_by: tuple[Signature, ...] = ()
    currency: CurrencyField
    timezone: TextField
    stages: Mapping[Stage, StageTerms]
    segments: tuple[Segment, ...]
    scoring: Scoring
    qualification: Qualification
    quality: QualityTerms
    calendars: Mapping[TextField, Mapping[TextField, Any]]
    teams: Mapping[TextField, Team]
    handoff: HandoffTerms
    sla: Sla
    cadence: Cadence
    targets: Targets
    commission: Commission
    reviews: Mapping[TextField, Review]

    _fingerprint: str = PrivateAttr(default="")
    _document: str = PrivateAttr(default="")
    _warnings: tuple[Finding, ...] = PrivateAttr(default=())

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical content without ``signed_by``, in hexadecimal."""
        return self._fingerprint

    @property
    def document(self) -> str:
        """The text it was read from."""
        return self._document

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What was found that is worth saying and no fault."""
        return self._warnings

    def sealed(
        self, *, fingerprint: str, document: str, warnings: tuple[Finding, ...]
    ) -> Agreement:
        """Return this agreement with what the loader knows about its text."""
        agreement = self.model_copy()
        agreement._fingerprint = fingerprint  # noqa: SLF001 - its own
        agreement._document = document  # noqa: SLF001 - its own
        agreement._warnings = warnings  # noqa: SLF001 - its own
        return agreement

"""The agreement: its model, its checks, its reading. Nothing here decides about a lead's scores.

:func:`load` is the door: a file in, an :class:`Agreement` out, or :class:`AgreementError` with
every fault at once.
"""

from accord.agreement.checks.names import LIMIT
from accord.agreement.events import EVENTS
from accord.agreement.json_schema import agreement_schema
from accord.agreement.load import load, loads
from accord.agreement.lookup import segment_of, stage_of
from accord.agreement.model import (
    AcceptanceTerm,
    ActivityTerms,
    Agreement,
    Cadence,
    CadenceStep,
    Capacity,
    Commission,
    Conversion,
    Fit,
    FitRule,
    HandoffTerms,
    Implicit,
    MarketingCommission,
    Person,
    Qualification,
    QualityTerms,
    Quota,
    Requalify,
    Review,
    Routing,
    RoutingRule,
    Scoring,
    Segment,
    SegmentTarget,
    Signature,
    Sla,
    SlaTerm,
    StageTerms,
    Step,
    Targets,
    Team,
    VolumeTerm,
)
from accord.agreement.review_times import last_due, next_due
from accord.agreement.values import Duration, StepAt, parse_duration, parse_share, parse_step_at
from accord.errors import AgreementError

__all__ = [
    "EVENTS",
    "LIMIT",
    "AcceptanceTerm",
    "ActivityTerms",
    "Agreement",
    "AgreementError",
    "Cadence",
    "CadenceStep",
    "Capacity",
    "Commission",
    "Conversion",
    "Duration",
    "Fit",
    "FitRule",
    "HandoffTerms",
    "Implicit",
    "MarketingCommission",
    "Person",
    "Qualification",
    "QualityTerms",
    "Quota",
    "Requalify",
    "Review",
    "Routing",
    "RoutingRule",
    "Scoring",
    "Segment",
    "SegmentTarget",
    "Signature",
    "Sla",
    "SlaTerm",
    "StageTerms",
    "Step",
    "StepAt",
    "Targets",
    "Team",
    "VolumeTerm",
    "agreement_schema",
    "last_due",
    "load",
    "loads",
    "next_due",
    "parse_duration",
    "parse_share",
    "parse_step_at",
    "segment_of",
    "stage_of",
]

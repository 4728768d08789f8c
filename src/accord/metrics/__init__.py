"""The numbers both teams are held to: one definition a metric, one way to count them.

Pure: frames and values in, values out. What a metric means stands in
:mod:`accord.metrics.definitions`; a period's number sees what had happened by the period's end, so
recomputing a closed period changes nothing unless something was told late.
"""

from accord.metrics.attributed import (
    AttributedDeal,
    Attribution,
    FirstTouch,
    NoTouch,
    Origination,
    attribute,
)
from accord.metrics.attribution import READS as TRACE_TABLES
from accord.metrics.attribution import Untraced, trace_won
from accord.metrics.buckets import BUCKETS, count_buckets
from accord.metrics.commission import (
    Earned,
    Line,
    Rates,
    Statement,
    Subtotal,
    earnings,
    rates_table,
    state_commission,
)
from accord.metrics.cube import Cube
from accord.metrics.definition import Direction, Metric, Part, Placing, Reading, Unit
from accord.metrics.document import metrics_document
from accord.metrics.facts import ALL, BEGINS, DIMENSIONS, FRAMES, NONE
from accord.metrics.numbers import (
    FEW,
    Number,
    Spread,
    compute,
    dimensions_of,
    plain,
    quotient,
    shown,
    spread,
)
from accord.metrics.owed import Promise, Status, clock_metric, promises
from accord.metrics.period_names import period_named
from accord.metrics.periods import (
    WINDOW,
    Cut,
    Period,
    Periods,
    cut,
    midnight,
    parse_week,
    week_label,
    week_named,
    week_of,
    window,
)
from accord.metrics.prepare import prepare, tables_for
from accord.metrics.registry import LONGEST_COHORT, METRICS, find_dimension, find_metric
from accord.metrics.speeds import READS as SPEED_TABLES
from accord.metrics.speeds import with_speeds
from accord.metrics.telling import Week, Weighed, tell, weigh
from accord.metrics.wording import MISSING, duration, percent, spelled, spoken, titled, worded

__all__ = [
    "ALL",
    "BEGINS",
    "BUCKETS",
    "DIMENSIONS",
    "FEW",
    "FRAMES",
    "LONGEST_COHORT",
    "METRICS",
    "MISSING",
    "NONE",
    "SPEED_TABLES",
    "TRACE_TABLES",
    "WINDOW",
    "AttributedDeal",
    "Attribution",
    "Cube",
    "Cut",
    "Direction",
    "Earned",
    "FirstTouch",
    "Line",
    "Metric",
    "NoTouch",
    "Number",
    "Origination",
    "Part",
    "Period",
    "Periods",
    "Placing",
    "Promise",
    "Rates",
    "Reading",
    "Spread",
    "Statement",
    "Status",
    "Subtotal",
    "Unit",
    "Untraced",
    "Week",
    "Weighed",
    "attribute",
    "clock_metric",
    "compute",
    "count_buckets",
    "cut",
    "dimensions_of",
    "duration",
    "earnings",
    "find_dimension",
    "find_metric",
    "metrics_document",
    "midnight",
    "parse_week",
    "percent",
    "period_named",
    "plain",
    "prepare",
    "promises",
    "quotient",
    "rates_table",
    "shown",
    "spelled",
    "spoken",
    "spread",
    "state_commission",
    "tables_for",
    "tell",
    "titled",
    "trace_won",
    "week_label",
    "week_named",
    "week_of",
    "weigh",
    "window",
    "with_speeds",
    "worded",
]

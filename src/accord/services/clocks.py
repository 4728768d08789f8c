"""The stage of the clocks: the doors of it. What each does stands in its own module."""

from accord.services.clock_reports import breaches, clock_status, explain_clock
from accord.services.clock_sync import sync_clocks, sync_news
from accord.services.sweep import SweepResult, run_sweep

__all__ = [
    "SweepResult",
    "breaches",
    "clock_status",
    "explain_clock",
    "run_sweep",
    "sync_clocks",
    "sync_news",
]

"""The page that sets a candidate beside the agreement in force: its parts, made of a Comparison.

Values in, values out: what the numbers are is decided in :mod:`accord.evaluation` and the services.
"""

from accord.report.comparison.front import build_comparison
from accord.report.comparison.words import find_measures, to_headline

__all__ = ["build_comparison", "find_measures", "to_headline"]

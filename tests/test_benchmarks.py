"""The benchmark of the weekly numbers runs through and holds both sides' numbers together.

Times are not looked at: at this size everything that is fixed weighs most.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.conftest import ROOT

_LINES = (
    r"2,000 leads, [\d,]+ stage changes, 12 weeks, sqlite, medians of 1 rounds",
    r"  accord, \d+ metrics: frames [\d.]+ s, counting [\d.]+ s",
    r"  by hand, reading for five +[\d.]+ s .*",
    r"  mql_to_sql, its query [\d.]+ s +ratio +[\d.]+ \(at most 3\)  (PASS|FAIL)",
    r"  every week \(--full\) +[\d.]+ s .*",
    r"  what is new +[\d.]+ s .*",
    r"  a week's news, of every week +ratio +[\d.]+ \(at most 0.1\)  (PASS|FAIL)",
)


def test_the_benchmark_of_weekly_numbers_runs_through():
    """It ends by itself if a number differs, or if the news left a row to the run of all weeks."""
    asked = [sys.executable, "benchmarks/weekly.py", "2000", "1", "12"]
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    done = subprocess.run(
        asked,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr  # 1: a ratio over its limit
    assert "Traceback" not in done.stderr
    lines = done.stdout.splitlines()
    for pattern in _LINES:
        assert any(re.fullmatch(pattern, line) for line in lines), (pattern, done.stdout)

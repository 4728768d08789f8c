"""Routing a queue: 10,000 leads to 50 reps in one run, and the same leads in parts.

It prints processor time after imports, the time a lead, how far the shares are from the weights,
and whether parts of a run decide as the whole. A rival is the least that any fair choice does: for
each lead the rep with the smallest count by weight, among those whose capacity lasts.

    python benchmarks/routing.py [LEADS [REPS]]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from accord.calendars import Calendar
from accord.records import Role
from accord.routing import Assignment, Candidate, Stretch, Waiting, periods_of, route

ZONE = "America/New_York"
MONDAY = datetime(2026, 11, 16, 14, tzinfo=UTC)
ROUNDS = 3
LIMIT_SECONDS = 5
HOT_EVERY = 7
COMPANY_EVERY = 5
LEFT_EVERY = 11
PART = 500


def make_reps(count: int) -> list[Candidate]:
    """Make reps of weights 1, 2 and 3 in an office that is open."""
    office = Calendar.parse({"timezone": ZONE, "hours": {"mon-fri": ["09:00-17:00"]}})
    return [
        Candidate(
            rep_id=f"r{number:03}",
            team="inbound",
            role=Role.SDR,
            calendar=office,
            per_week=10**6,
            per_month=10**6,
            weight=Fraction(1 + number % 3),
        )
        for number in range(count)
    ]


def make_leads(count: int) -> list[Waiting]:
    """Make single leads: some hot, some of reps who have left, scores of all sizes."""
    return [
        Waiting(
            handoff_id=f"{number:06}",
            lead_id=f"{number:06}",
            team="inbound",
            hot=number % HOT_EVERY == 0,
            fit=number * 37 % 1000,
            engagement=number * 53 % 1000,
            intent=number * 71 % 1000,
            queued_at=MONDAY - timedelta(minutes=number % 600),
            reassigned=number % LEFT_EVERY == 0,
        )
        for number in range(count)
    ]


def with_companies(leads: Sequence[Waiting]) -> list[Waiting]:
    """Put every fifth lead into a company that has two or three of them."""
    return [
        replace(lead, account=f"c{number // (3 * COMPANY_EVERY)}")
        if number % COMPANY_EVERY == 0
        else lead
        for number, lead in enumerate(leads)
    ]


def run(
    leads: Sequence[Waiting],
    reps: Sequence[Candidate],
    turns: Mapping[tuple[str, bool], Stretch],
) -> tuple[tuple[Assignment, ...], Mapping[tuple[str, bool], Stretch]]:
    """Route leads at once; everything is held too long, so that all of them go."""
    routed = route(
        leads,
        reps,
        turns=turns,
        accounts={},
        hold_at_most=timedelta(0),
        periods=periods_of(MONDAY, ZONE),
    )
    return routed.assignments, routed.turns


def in_parts(leads: Sequence[Waiting], reps: Sequence[Candidate]) -> list[Assignment]:
    """Route the same leads in parts, in the order of the whole run."""
    found: list[Assignment] = []
    turns: Mapping[tuple[str, bool], Stretch] = {}
    for start in range(0, len(leads), PART):
        assignments, turned = run(leads[start : start + PART], reps, turns)
        turns = {**turns, **turned}
        found.extend(assignments)
    return found


def plainly(leads: Sequence[Waiting], reps: Sequence[Candidate]) -> dict[str, int]:
    """Give each lead to the rep with the smallest count by weight: the rival."""
    weights = {rep.rep_id: int(rep.weight or 1) for rep in reps}
    room = {rep.rep_id: rep.per_week for rep in reps}
    counts = dict.fromkeys(weights, 0)
    for _lead in leads:
        able = (name for name in counts if counts[name] < room[name])
        counts[min(able, key=lambda name: (counts[name] / weights[name], name))] += 1
    return counts


def measure(work: Callable[[], object]) -> float:
    """Return the median processor seconds of a few runs."""
    seconds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return sorted(seconds)[ROUNDS // 2]


def unfairness(
    assignments: Sequence[Assignment], leads: Sequence[Waiting], reps: Sequence[Candidate]
) -> Fraction:
    """Return the largest difference of two reps' counts by weight, hot and others apart."""
    hot = {lead.handoff_id: lead.hot for lead in leads}
    worst = Fraction(0)
    for kind in (True, False):
        counts = {rep.rep_id: 0 for rep in reps}
        for one in assignments:
            counts[one.rep_id] += hot[one.handoff_id] is kind
        shares = [counts[rep.rep_id] / (rep.weight or Fraction(1)) for rep in reps]
        worst = max(worst, max(shares) - min(shares))
    return worst


def main(leads_count: int = 10_000, reps_count: int = 50) -> int:
    """Measure, print, and say by the exit code whether it was fast and fair."""
    reps, leads = make_reps(reps_count), make_leads(leads_count)
    ours = measure(lambda: run(leads, reps, {}))
    mixed = measure(lambda: run(with_companies(leads), reps, {}))
    rival = measure(lambda: plainly(leads, reps))
    assignments, _ = run(leads, reps, {})
    gap = unfairness(assignments, leads, reps)
    equal = [lead for lead in leads if not lead.hot and not lead.reassigned]
    equal.sort(key=lambda lead: (-lead.intent, -lead.engagement, -lead.fit, lead.queued_at))
    whole, _ = run(equal, reps, {})
    same = in_parts(equal, reps) == list(whole)
    print(f"{leads_count:,} leads to {reps_count} reps in one run, processor time after imports")
    print(f"  routed                     {ours:8.2f} s  {ours / leads_count * 1e6:6.0f} us a lead")
    print(f"  with companies among them  {mixed:8.2f} s")
    print(f"  smallest count by weight   {rival:8.2f} s  (ours is {ours / rival:.1f} times that)")
    print(f"  two reps' counts by weight differ by at most {float(gap):.2f} (agreed: 1)")
    print(f"  in parts of {PART} the same as in one run: {'yes' if same else 'NO'}")
    return 0 if ours <= LIMIT_SECONDS and gap <= 1 and same else 1


if __name__ == "__main__":
    sys.exit(main(*(int(given) for given in sys.argv[1:])))

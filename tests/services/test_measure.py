from __future__ import annotations

from datetime import date

import pytest

from accord.errors import InputError
from accord.metrics import METRICS
from accord.metrics.facts import UNSAID
from accord.services.measure import measure
from tests.metrics.company import AS_OF, HOSTILE, Company


@pytest.fixture
def company(workspace):
    Company(leads=250, seed=3).write(workspace.ledger)
    return workspace


def test_a_metric_is_shown_with_its_parts_and_in_words(company):
    found = measure(company, "lead_to_sale", by="channel", as_of=AS_OF).as_dict()
    assert list(found) == [
        "metric",
        "title",
        "unit",
        "formula",
        "by",
        "from",
        "to",
        "rows",
        "total",
    ]
    assert found["by"] == "channel"
    assert found["unit"] == "share"
    total = found["total"]
    assert sum(row["denominator"] for row in found["rows"]) == total["denominator"] > 0
    assert total["shown"].endswith(" %")


def test_facts_without_a_member_are_shown_last_as_none(company):
    rows = measure(company, "new_leads", by="channel", as_of=AS_OF).as_dict()["rows"]
    assert rows[-1]["member"] == "(none)"
    assert rows[0]["value"] == max(row["value"] for row in rows)
    assert any(row["member"] == HOSTILE for row in rows)


def test_a_median_is_shown_with_its_spread(company):
    total = measure(company, "speed_to_lead", as_of=AS_OF).as_dict()["total"]
    assert total["value"] == total["median"]
    assert total["median"] <= total["p90"] <= total["max"]
    assert total["count"] == total["denominator"]


def test_both_days_of_a_window_are_included_in_the_agreements_zone(company):
    days = [
        measure(company, "new_leads", since=day, until=day, as_of=AS_OF).total.value or 0
        for day in ("2026-10-20", "2026-10-21")
    ]
    both = measure(
        company, "new_leads", since="2026-10-20", until=date(2026, 10, 21), as_of=AS_OF
    ).as_dict()
    assert both["total"]["value"] == sum(days)
    assert (both["from"], both["to"]) == ("2026-10-20", "2026-10-21")


def test_a_count_in_a_window_without_facts_is_zero(company):
    found = measure(company, "won", since="2026-10-12", until="2026-10-12", as_of=AS_OF)
    assert found.total.value in (0, None)


def test_unknown_names_are_refused_with_the_nearest(company):
    with pytest.raises(InputError, match="did you mean 'mqls'"):
        measure(company, "mql", as_of=AS_OF)
    with pytest.raises(InputError, match="did you mean 'segment'"):
        measure(company, "mqls", by="segments", as_of=AS_OF)
    with pytest.raises(InputError, match="2026-11-21"):
        measure(company, "mqls", since="yesterday", as_of=AS_OF)


def test_over_all_time_nothing_counts_that_has_not_happened(company):
    """A hand-over without an end has not ended; only deals and leads may leave out when it was."""
    dated = [metric.name for metric in METRICS.values() if not set(metric.frames) & UNSAID.keys()]
    assert len(dated) > 60
    for name in dated:
        ever = measure(company, name, as_of=AS_OF).total
        since = measure(company, name, since="2001-01-01", as_of=AS_OF).total
        assert ever == since, name

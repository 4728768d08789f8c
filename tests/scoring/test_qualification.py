"""Thresholds are decided on the numbers shown, and say what is missing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accord.conditions import parse_condition
from accord.scoring import distances, qualifies
from tests.scoring.engines import shipped


@pytest.mark.parametrize(
    ("fit", "engagement", "intent", "held"),
    [
        (0, 49, 0, set()),
        (0, 50, 0, {"engaged"}),
        (199, 100, 0, {"engaged"}),
        (200, 99, 0, {"engaged"}),
        (200, 100, 0, {"engaged", "target"}),
        (400, 299, 0, {"engaged", "target"}),
        (399, 300, 0, {"engaged", "target"}),
        (400, 300, 0, {"engaged", "target", "mql"}),
        (300, 0, 399, set()),
        (299, 0, 400, set()),
        (300, 0, 400, {"mql"}),
        (300, 0, 599, {"mql"}),
        (300, 0, 600, {"mql", "hot"}),
    ],
)
def test_a_threshold_holds_at_its_number_and_not_a_tenth_below(
    fit, engagement, intent, held
) -> None:
    assert qualifies(shipped(), fit=fit, engagement=engagement, intent=intent) == held


def test_what_is_missing_is_said_for_every_way_the_nearest_first() -> None:
    """Shown 35.0 / 8.0 / 38.5: mql needs intent 1.5, or fit 5.0 and engagement 22.0."""
    found = distances(shipped(), fit=350, engagement=80, intent=385)
    assert "engaged" not in found
    assert found["target"] == ({"engagement": Decimal("2.0")},)
    assert found["mql"] == (
        {"intent": Decimal("1.5")},
        {"fit": Decimal("5.0"), "engagement": Decimal("22.0")},
    )
    assert found["hot"] == ({"intent": Decimal("21.5")},)


def test_adding_what_is_missing_reaches_the_threshold() -> None:
    for fit in range(0, 500, 70):
        for engagement in range(0, 500, 70):
            tenths = {"fit": fit, "engagement": engagement, "intent": 390}
            for threshold, ways in distances(shipped(), **tenths).items():
                for way in ways:
                    more = {name: tenths[name] + int(10 * way.get(name, 0)) for name in tenths}
                    assert threshold in qualifies(shipped(), **more)


def test_what_points_cannot_reach_has_no_way() -> None:
    low = parse_condition({"engagement": {"lt": 5}, "fit": {"gt": 20}})
    terms = shipped().qualification.model_copy(update={"target": low})
    agreement = shipped().model_copy(update={"qualification": terms})
    assert distances(agreement, fit=100, engagement=60, intent=0)["target"] == ()
    way = {"fit": Decimal("10.1")}
    assert distances(agreement, fit=100, engagement=40, intent=0)["target"] == (way,)

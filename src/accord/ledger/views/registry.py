"""The list of all views, and what makes them on each store."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256

from accord.ledger.views import leads, money, numbers, taken, work
from accord.ledger.views.definition import Store, View, quoted

VIEWS: tuple[View, ...] = (
    leads.LEAD,
    leads.STAGE_CHANGE,
    leads.SCORE_CHANGE,
    work.HANDOFF,
    work.HANDOFF_OWNER,
    work.CLOCK,
    work.STEP,
    work.TOUCH,
    work.DECISION,
    money.OPPORTUNITY,
    money.SPEND,
    money.REP,
    numbers.METRIC_WEEK,
    numbers.METRIC_MONTH,
    numbers.METRIC_DAY,
    numbers.METRIC_REVISION,
    taken.BATCH,
    taken.QUALITY,
    taken.QUARANTINE,
    taken.OUTBOX,
    taken.AGREEMENT,
)
"""Every view a reader may rest on, in the order of the page."""

CATALOGUE = "v_view"
"""A view of the views: name, grain, and the fingerprint of the definitions that made them."""


def statements(store: Store) -> Iterator[str]:
    """Yield what makes every view on that store, the catalogue last."""
    for view in VIEWS:
        yield from view.statements(store)
    yield _catalogue()


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Return the hash of all definitions, as both stores spell them."""
    said = [one for store in _STORES for view in VIEWS for one in view.statements(store)]
    return sha256("\n".join(said).encode()).hexdigest()[:16]


_STORES: tuple[Store, ...] = ("sqlite", "postgresql")


def _catalogue() -> str:
    rows = " UNION ALL ".join(
        f"SELECT {quoted(view.name)} AS name, {quoted(f'one row {view.grain}')} AS grain,"
        f" {quoted(fingerprint())} AS fingerprint"
        for view in VIEWS
    )
    return f"CREATE VIEW {CATALOGUE} AS {rows}"

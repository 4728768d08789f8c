"""Views on the ledger for BI tools: stable names, readable values, no personal data.

The registry says what each view and column is; ``docs/views.md`` is rendered from it by
``python -m accord.ledger.views``. ``accord.ledger.migrate`` makes the views.
"""

from accord.ledger.views.definition import Column, Kind, View
from accord.ledger.views.making import are_newest, create_views, drop_views
from accord.ledger.views.registry import CATALOGUE, VIEWS, fingerprint

__all__ = [
    "CATALOGUE",
    "VIEWS",
    "Column",
    "Kind",
    "View",
    "are_newest",
    "create_views",
    "drop_views",
    "fingerprint",
]

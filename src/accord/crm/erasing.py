"""Taking a person out of a CRM that is ours to change: the tables of ``sql``.

What other systems hold is for their own people to delete: the certificate names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from accord.crm.opening import CrmSettings


def erase_from_crm(
    settings: CrmSettings,
    *,
    names: Mapping[str, str],
    keys: frozenset[str],
    cut: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    dry_run: bool = False,
) -> int:
    """Empty a person's rows and cut them out of others'; how many rows hold them.

    ``names`` maps each of the person's leads to what it is called from now on, ``keys`` are those
    of all that was sent about them, ``cut`` returns a payload about somebody else without them. 0
    for an adapter other than ``sql``. Killed anywhere, it is done by doing it again. DeliveryError
    if the database cannot be used: nothing is changed then, or all but the old bytes in its files.
    """
    if settings.name != "sql":
        return 0
    from accord.crm.sql import open_sql

    with closing(open_sql(settings)) as crm:
        return crm.erase(names=names, keys=keys, cut=cut, dry_run=dry_run)

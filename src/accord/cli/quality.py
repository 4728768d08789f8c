"""Commands for quality: what rules found in a batch, the policy in words, letting a batch in."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any

from cyclopts import App

from accord.cli.app import DONE, instant, open_workspace, say, say_json, say_table
from accord.cli.stages import AsJson, AsOf
from accord.errors import InputError
from accord.services.settings import Settings

_COUNTS = ("rows_in", "accepted", "quarantined", "duplicates", "held", "flagged")


def register(app: App) -> None:
    """Add the commands of this module."""
    quality = App(name="quality", help="What the quality rules say, and what they found.")
    commands: tuple[tuple[Callable[..., int], str], ...] = (
        (quality_list, "list"),
        (quality_show, "show"),
        (quality_rules, "rules"),
        (quality_accept, "accept"),
    )
    for command, name in commands:
        quality.command(command, name=name)
    app.command(quality)


def quality_list(
    *,
    source: str | None = None,
    status: str | None = None,
    limit: int = 20,
    json: AsJson = False,
) -> int:
    """List the newest batches with what became of their rows.

    Parameters
    ----------
    source
        only batches of this source
    status
        only those that are taken, or held
    limit
        how many, newest first
    """
    from accord.ledger.quality_rows import list_batches

    if status not in (None, "taken", "held"):
        raise InputError(where="--status", found=f"{status!r}", expected="taken or held")
    with open_workspace() as workspace, workspace.ledger.read() as connection:
        rows = list_batches(connection, source=source, status=status, limit=limit)
    if json:
        say_json(rows)
        return DONE
    shown = [{**row, "batch": row["batch_id"][:12]} for row in rows]
    say_table(shown, ["batch", "taken_at", "source", "status", *_COUNTS])
    return DONE


def quality_show(batch: str, /, *, json: AsJson = False) -> int:
    """Show what the rules found in a batch: counts, failing rows by rule, its profile.

    Parameters
    ----------
    batch
        the batch, or the first letters of its id
    """
    from accord.ledger.quality_rows import read_results
    from accord.services.accept import find_batch

    with open_workspace() as workspace:
        row = find_batch(workspace, batch)
        with workspace.ledger.read() as connection:
            results = read_results(connection, str(row["batch_id"]))
    if json:
        say_json({**row, "results": results})
        return DONE
    say(f"batch {row['batch_id']}: {row['status']}, {row['source']} ({row['entity']})")
    say(f"{row['place']}, {_at(row['taken_at'])}")
    say(", ".join(f"{row[name]:,} {name}" for name in _COUNTS))
    if results:
        say()
        say_table([_shown(one) for one in results], _RESULT)
    _say_profile(row["profile"])
    return DONE


_RESULT = ("rule", "severity", "outcome", "failing", "checked", "share", "sentence")


def _shown(result: dict[str, Any]) -> dict[str, Any]:
    """Give a rule about rows its share of failing rows; one about the batch looks at none."""
    if not result["checked"]:
        return {**result, "share": ""}
    per_mille = result["failing"] * 1_000 * 2 // result["checked"]
    tenths = (per_mille + 1) // 2
    return {**result, "share": f"{tenths // 10}.{tenths % 10} %"}


def _say_profile(profile: Any) -> None:
    rest = {name: value for name, value in (profile or {}).items() if name != "rows"}
    if rest:
        say()
        say_table([{"measure": name, "value": rest[name]} for name in rest], ["measure", "value"])


def _at(value: Any) -> str:
    return value.isoformat(timespec="seconds") if hasattr(value, "isoformat") else str(value)


def quality_rules(
    *, entity: str | None = None, source: str | None = None, json: AsJson = False
) -> int:
    """Print the policy in words: every rule, what it says, and what follows.

    Parameters
    ----------
    entity
        only rules of lead, activity, handoff, touch, decision, opportunity, spend or rep
    source
        the rules of this source, if it has its own
    """
    from accord.services.policies import policy_in_words

    rows = policy_in_words(Settings(), entity=entity, source=source)
    if json:
        say_json(rows)
    else:
        say_table(rows, ["of", "rule", "about", "severity", "fails if", "tolerated"])
    return DONE


def quality_accept(
    batch: str,
    /,
    *,
    by: str | None = None,
    reason: str = "",
    as_of: AsOf = None,
) -> int:
    """Take a batch that is held, as it is; rows that fail are set aside as usual.

    Parameters
    ----------
    batch
        the batch, or the first letters of its id; its file must still be there
    by
        who lets it in; the user of this computer if not given
    reason
        why
    """
    from accord.services.accept import accept_batch

    with open_workspace() as workspace:
        taken = accept_batch(
            workspace, batch, as_of=instant(as_of), by=by or getpass.getuser(), reason=reason
        )
    counts = taken.counts
    say(
        f"batch {batch} is taken: {counts.rows_in:,} rows in, {counts.accepted:,} accepted, "
        f"{counts.quarantined:,} quarantined, {counts.duplicates:,} duplicates"
    )
    return DONE

"""Commands for rows that were set aside and wait for a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from accord.cli.app import DONE, FOUND, instant, open_workspace, say, say_json, say_table, say_wrong
from accord.cli.stages import AsJson, AsOf
from accord.errors import InputError


def register(app: App) -> None:
    """Add the commands of this module."""
    quarantine = App(name="quarantine", help="Rows set aside, whole, with their reasons.")
    decisions: tuple[tuple[Callable[..., int], str], ...] = (
        (quarantine_list, "list"),
        (quarantine_show, "show"),
        (quarantine_release, "release"),
        (quarantine_discard, "discard"),
    )
    for decide, name in decisions:
        quarantine.command(decide, name=name)
    app.command(quarantine)


def quarantine_list(
    *,
    source: str | None = None,
    rule: str | None = None,
    status: str | None = None,
    limit: int = 50,
    json: AsJson = False,
) -> int:
    """List the rows set aside: where they stood and why.

    Parameters
    ----------
    source
        only rows of this source
    rule
        only rows that fail this rule
    status
        only those that are open, released, discarded or erased
    limit
        how many, newest first
    """
    from accord.ledger.quarantine_rows import STATUSES, Wanted, count_aside, list_aside

    if status not in (None, *STATUSES):
        raise InputError(where="--status", found=f"{status!r}", expected=", ".join(STATUSES))
    wanted = Wanted(source=source, rule=rule, status=status)
    with open_workspace() as workspace, workspace.ledger.read() as connection:
        rows = list_aside(connection, wanted, limit=limit)
        count = len(rows) if len(rows) < limit else count_aside(connection, wanted)
    if json:
        say_json(rows)
        return DONE
    shown = [
        {**row, "why": "; ".join(reason["sentence"] for reason in row["reasons"])} for row in rows
    ]
    say_table(shown, ["batch_id", "source", "row_number", "status", "why"])
    if count > len(rows):
        say_wrong(f"{len(rows):,} of {count:,} rows; more by --limit")
    return DONE


def quarantine_show(batch_id: str, row_number: int, /) -> int:
    """Show one row set aside, whole, as JSON.

    Parameters
    ----------
    batch_id
        the batch, or the first letters of its id
    row_number
        1 is the first data row of the file
    """
    from accord.ledger.quarantine_rows import read_aside
    from accord.services.release import find_key

    with open_workspace() as workspace:
        key = find_key(workspace, batch_id, row_number)
        with workspace.ledger.read() as connection:
            (row,) = read_aside(connection, [key])
    say_json(row)
    return DONE


def quarantine_release(  # noqa: PLR0913 - what one command line can say
    batch_id: str | None = None,
    row_number: int | None = None,
    /,
    *,
    set_: Annotated[tuple[str, ...], Parameter(name="--set", negative=())] = (),
    all_: Annotated[bool, Parameter(name="--all", negative=())] = False,
    rule: str | None = None,
    source: str | None = None,
    as_of: AsOf = None,
) -> int:
    """Take rows that were set aside after all, corrected if need be; the rules are asked again.

    Parameters
    ----------
    batch_id
        the batch, or the first letters of its id
    row_number
        1 is the first data row of the file
    set_
        COLUMN=VALUE, a column of the file; may be given more than once
    all_
        every open row that --rule or --source names
    rule
        with --all: rows that fail this rule
    source
        with --all: rows of this source
    """
    from accord.services.release import release

    at, changes = instant(as_of), _changes(set_)
    with open_workspace() as workspace:
        keys = _keys(workspace, batch_id, row_number, all_=all_, rule=rule, source=source)
        decided = release(workspace, keys, as_of=at, changes=changes)
    return _say_decided(decided, "released")


def quarantine_discard(  # noqa: PLR0913 - the same
    batch_id: str | None = None,
    row_number: int | None = None,
    /,
    *,
    reason: str | None = None,
    all_: Annotated[bool, Parameter(name="--all", negative=())] = False,
    rule: str | None = None,
    source: str | None = None,
    as_of: AsOf = None,
) -> int:
    """Give up rows that were set aside: they stay counted, and wait for nobody.

    Parameters
    ----------
    batch_id
        the batch, or the first letters of its id
    row_number
        1 is the first data row of the file
    reason
        why
    all_
        every open row that --rule or --source names
    rule
        with --all: rows that fail this rule
    source
        with --all: rows of this source
    """
    from accord.services.release import discard

    at = instant(as_of)
    with open_workspace() as workspace:
        keys = _keys(workspace, batch_id, row_number, all_=all_, rule=rule, source=source)
        decided = discard(workspace, keys, as_of=at, reason=reason)
    return _say_decided(decided, "discarded")


def _keys(
    workspace: Any,
    batch_id: str | None,
    row_number: int | None,
    *,
    all_: bool,
    rule: str | None,
    source: str | None,
) -> list[tuple[str, int]]:
    """Return the rows that a command means: one, or with ``--all`` the open ones of a rule."""
    from accord.ledger.quarantine_rows import Wanted, keys_aside
    from accord.services.release import find_key

    if all_ and batch_id is None and (rule is not None or source is not None):
        with workspace.ledger.read() as connection:
            return keys_aside(connection, Wanted(rule=rule, source=source, status="open"))
    if not all_ and batch_id is not None and row_number is not None:
        return [find_key(workspace, batch_id, row_number)]
    raise InputError(
        where="quarantine",
        found="which rows are meant is not said",
        expected="BATCH ROW, or --all with --rule or --source",
    )


def _changes(given: Sequence[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise InputError(where="--set", found=f"{one!r}", expected="COLUMN=VALUE")
        found[name] = value
    return found


def _say_decided(decided: Any, verb: str) -> int:
    """Print what became of rows that a person decided on; 1 if some fail still."""
    for (batch_id, row_number), what in decided.before:
        say(f"{batch_id[:12]} row {row_number} {what}; nothing done")
    for finding in decided.failing:
        say_wrong(str(finding))
    if decided.done or not decided.before:
        done, failing = len(decided.done), len(decided.failing)
        say(f"{done:,} {'row' if done == 1 else 'rows'} {verb}, {failing:,} still failing")
    return FOUND if decided.failing else DONE

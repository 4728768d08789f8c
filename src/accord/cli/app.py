"""The root of the command line: commands by name, errors to exit codes, printing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from cyclopts import App, CycloptsError

from accord.errors import InputError, LeaseHeldError
from accord.seen import is_unseen, name_unseen
from accord.services.settings import Settings

DONE = 0
FOUND = 1
WRONG_INPUT = 2


def new_app() -> App:
    """Return the root of the command line with every command."""
    from accord.cli import (
        agreement,
        clocks,
        earning,
        erase,
        handing,
        history,
        identity,
        outbox,
        pacing,
        planning,
        quality,
        quarantine,
        reading,
        rescore,
        score,
        stages,
    )

    app = App(name="accord", help="Runs the agreement between marketing and sales as code.")
    groups = (
        stages,
        handing,
        pacing,
        score,
        rescore,
        planning,
        reading,
        earning,
        clocks,
        history,
        agreement,
        quarantine,
        outbox,
        quality,
        erase,
        identity,
    )
    for group in groups:
        group.register(app)
    return app


def main(tokens: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code; a reader that closed its end is no error."""
    try:
        code = run(sys.argv[1:] if tokens is None else tokens)
        sys.stdout.flush()
    except BrokenPipeError:  # accord ... | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = DONE
    sys.exit(code)


def run(tokens: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    app = new_app()
    try:
        code = app(tokens, exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        return WRONG_INPUT
    except InputError as error:
        say_wrong(str(error))
        return WRONG_INPUT
    except LeaseHeldError as error:
        say_wrong(str(error))
        return DONE
    return code if isinstance(code, int) else DONE


def say(text: str = "") -> None:
    """Print text for a person; what would steer the terminal is named instead."""
    print(name_unseen(text, keep_breaks=True))


def say_wrong(text: str) -> None:
    """Print what is wrong, beside the output."""
    print(f"accord: {name_unseen(text, keep_breaks=True)}", file=sys.stderr)


def say_json(value: Any) -> None:
    """Print a value as JSON: decimals as text, instants as ISO 8601."""
    written = json.dumps(value, default=_plain, indent=2, ensure_ascii=False)
    print("".join(map(_escaped, written)))


def _escaped(character: str) -> str:
    """Escape what json leaves as it is and a terminal would obey; it reads back the same."""
    steers = character != "\n" and is_unseen(character)
    return json.dumps(character)[1:-1] if steers else character


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def say_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print rows as a table: framed on a terminal, tab-separated elsewhere."""
    cells = [[_cell(row.get(name)) for name in columns] for row in rows]
    if not sys.stdout.isatty():
        for line in [list(columns), *cells]:
            print("\t".join(line))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    for line in cells:
        table.add_row(*map(Text, line))
    Console().print(table)


def say_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows, all with the same keys, as a table of all their columns; ``none`` without any."""
    if rows:
        say_table(rows, list(rows[0]))
    else:
        say("none")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    shown = value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
    return name_unseen(shown)


def instant(text: str | None, *, where: str = "--as-of") -> datetime:
    """Read an option such as ``--as-of``: ISO 8601, UTC if it names no zone; now if not given."""
    if text is None:
        return datetime.now(UTC)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            where=where,
            found=f"{text!r} is no instant",
            expected="ISO 8601, such as 2026-11-21T09:00:00Z",
        ) from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


@contextmanager
def open_workspace(settings: Settings | None = None) -> Iterator[Any]:
    """Open the stores for one command."""
    from accord.services.workspace import Workspace

    workspace = Workspace.open(settings or Settings(), now=lambda: instant(None))
    try:
        yield workspace
    finally:
        workspace.close()

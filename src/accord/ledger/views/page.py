"""The page of the views, rendered from the registry: how to connect, what to ask, every column."""

from __future__ import annotations

from collections.abc import Iterator

from accord.ledger.views.definition import View
from accord.ledger.views.money import REP
from accord.ledger.views.questions import QUESTIONS
from accord.ledger.views.registry import CATALOGUE, VIEWS

_INTRODUCTION = """\
# Views for BI tools

Metabase, Superset, Looker or any SQL can sit on the ledger through these views. They have the
same columns in the same order, with equal values, on SQLite and on PostgreSQL. This page is made
of their definitions (`python -m accord.ledger.views > docs/views.md`), and a test holds it to
them.

What holds for all of them:

- **No personal data of leads.** No e-mail, name, phone, title, company, no free words about a
  person but a deal's or a return's `reason` as its source says it, which erasing empties. People
  are ids. `accord erase` leaves nothing to be reached through a view.
- **Instants** are UTC: `timestamptz` on PostgreSQL, text like `2026-11-21 09:00:00.000000` on
  SQLite, which sorts and compares as it should and which `date(...)` and `strftime(...)` read.
  Where a tool takes such a column for text, say *ISO 8601 timestamp* in its settings. Days are
  `date` on PostgreSQL and text like `2026-11-21` on SQLite.
- **Money and numbers** are `numeric` on PostgreSQL, on SQLite floating point, exact to the cent
  as shown. **Flags** are boolean on PostgreSQL, 0 and 1 on SQLite.
- **Fast by** `lead_id`, and in the views of metrics by `period` (then `metric`, `dimension`,
  `member`): filter by these. An instant of SQLite is shown by an expression, so a filter by it
  reads the view whole.
- **Stable.** A column is not renamed and does not change its meaning without a line in the change
  log. Views are made anew when a ledger is opened by a version that defines them otherwise; on
  PostgreSQL each role keeps what it may read. Own views of yours belong into another database, or
  have to be dropped for an upgrade: it says so, and changes nothing until then.

## PostgreSQL

As the ledger's owner, once (the last command again when a version brings a new view):

```sql
{grants}
```

The role reads the views and nothing under them. To leave out the names of colleagues:

```sql
{nameless}
```

Descriptions of views and columns are in the database as comments, where Metabase and others find
them.

## SQLite

Open the file read-only: `file:/path/ledger.db?mode=ro` (SQLAlchemy, so Superset:
`sqlite:///file:/path/ledger.db?mode=ro&uri=true`). A file has no roles: **who can open it can
read the tables under the views too, personal data and all.** Give the file only to those who may;
for everyone else use PostgreSQL. The tool must run on the same machine and be allowed to write in
the folder (SQLite keeps `ledger.db-shm` beside the file), and should not hold a query open for
long: an erasure waits for it to end before it writes the file anew.

## What is often asked
"""


def grants() -> tuple[str, ...]:
    """Return what lets a role read the views, and nothing else."""
    names = ",\n  ".join((*(view.name for view in VIEWS), CATALOGUE))
    return (
        "CREATE ROLE accord_bi LOGIN",
        "GRANT USAGE ON SCHEMA public TO accord_bi",
        f"GRANT SELECT ON\n  {names}\nTO accord_bi",
    )


def nameless() -> tuple[str, ...]:
    """Return what lets that role read all of our reps but their names."""
    rest = ", ".join(column.name for column in REP.columns if column.name != "name")
    return (
        f"REVOKE SELECT ON {REP.name} FROM accord_bi",  # noqa: S608  a name of ours
        f"GRANT SELECT ({rest}) ON {REP.name} TO accord_bi",
    )


def views_page() -> str:
    """Render the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION.format(grants=_ended(grants()), nameless=_ended(nameless()))
    for question in QUESTIONS:
        yield from (f"**{question.asks}**", "", "```sql", question.sql, "```", "")
    yield "## The views\n"
    yield f"`{CATALOGUE}` lists them: `name`, `grain`, `fingerprint` of what made them."
    for view in VIEWS:
        yield from _of(view)


def _of(view: View) -> Iterator[str]:
    yield from ("", f"### `{view.name}`", "", f"One row {view.grain}.", "")
    if view.note:
        yield from (view.note, "")
    yield from ("| column | holds | what it says |", "|---|---|---|")
    for column in view.columns:
        yield f"| `{column.name}` | {column.kind.value} | {column.says} |"


def _ended(commands: tuple[str, ...]) -> str:
    return "\n".join(f"{command};" for command in commands)

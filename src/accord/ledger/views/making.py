"""Taking the views away before the tables under them change, and making them anew afterwards.

Who may read a view on PostgreSQL is kept: a role of the BI tool would else lose its rights with
every upgrade.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, column, inspect, select, table, text
from sqlalchemy.exc import DBAPIError

from accord.errors import InputError
from accord.ledger.views.registry import CATALOGUE, VIEWS, fingerprint, statements

_OTHERS_REST_ON_IT = "2BP01"  # PostgreSQL's code: something depends on what is to be dropped

_GRANTS = text("""
    SELECT view.relname, NULL AS attname, acl.grantee, pg_get_userbyid(acl.grantee) AS role
    FROM pg_class AS view, aclexplode(view.relacl) AS acl
    WHERE view.relnamespace = CAST(current_schema() AS regnamespace) AND view.relkind = 'v'
      AND acl.privilege_type = 'SELECT' AND acl.grantee <> view.relowner
    UNION ALL
    SELECT view.relname, part.attname, acl.grantee, pg_get_userbyid(acl.grantee)
    FROM pg_class AS view JOIN pg_attribute AS part ON part.attrelid = view.oid,
      aclexplode(part.attacl) AS acl
    WHERE view.relnamespace = CAST(current_schema() AS regnamespace) AND view.relkind = 'v'
      AND acl.privilege_type = 'SELECT'""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role that may read a view, or one column of it; None is everyone."""

    view: str
    column: str | None
    role: str | None


def made_by(connection: Connection) -> str | None:
    """Return the fingerprint of the definitions that made the views; None if there are none."""
    if not inspect(connection).has_table(CATALOGUE):
        return None
    catalogue = table(CATALOGUE, column("fingerprint"))
    return connection.execute(select(catalogue.c.fingerprint).limit(1)).scalar_one_or_none()


def drop_views(connection: Connection) -> tuple[Grant, ...]:
    """Drop the views that are there, whichever version made them; returns who might read them.

    InputError where something that is not ours rests on one of them.
    """
    if made_by(connection) is None:
        return ()
    catalogue = table(CATALOGUE, column("name"))
    names = [CATALOGUE, *connection.execute(select(catalogue.c.name)).scalars()]
    grants = _read_grants(connection, names)
    preparer = connection.dialect.identifier_preparer
    for name in names:
        try:
            connection.exec_driver_sql(f"DROP VIEW {preparer.quote(name)}")
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _OTHERS_REST_ON_IT:
                raise
            raise _rested_on(name) from None
    return grants


def create_views(connection: Connection, grants: Sequence[Grant] = ()) -> None:
    """Make every view, and let those read it who might before."""
    if connection.dialect.name == "postgresql":
        for statement in statements("postgresql"):
            connection.exec_driver_sql(statement.replace("%", "%%"))  # psycopg reads placeholders
    else:
        for statement in statements("sqlite"):
            connection.exec_driver_sql(statement)
    for statement in _granting(connection, grants):
        connection.exec_driver_sql(statement)


def are_newest(connection: Connection) -> bool:
    """Whether the views are those of this code."""
    return made_by(connection) == fingerprint()


def _read_grants(connection: Connection, names: Sequence[str]) -> tuple[Grant, ...]:
    if connection.dialect.name != "postgresql":
        return ()
    return tuple(
        Grant(view=row.relname, column=row.attname, role=row.role if row.grantee else None)
        for row in connection.execute(_GRANTS)
        if row.relname in names
    )


def _granting(connection: Connection, grants: Sequence[Grant]) -> Iterator[str]:
    """Yield the grants on what is still there; a view or column that went takes its own along."""
    quote = connection.dialect.identifier_preparer.quote
    there = {view.name: {one.name for one in view.columns} for view in VIEWS}
    there[CATALOGUE] = set()
    for grant in grants:
        if grant.view not in there or (grant.column and grant.column not in there[grant.view]):
            continue
        part = f" ({quote(grant.column)})" if grant.column else ""
        role = "PUBLIC" if grant.role is None else quote(grant.role)
        yield f"GRANT SELECT{part} ON {quote(grant.view)} TO {role}"


def _rested_on(name: str) -> InputError:
    return InputError(
        where=f"the ledger's view {name}",
        found="something that is not Accord's rests on it, so it cannot be made anew",
        expected="views and rules of others to stand elsewhere, or to be dropped for the upgrade",
        remedy=f"drop what rests on {name}, run again, then make it anew",
    )

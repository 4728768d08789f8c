"""Short ways to write down a column: its name, what it says, and what it is made of."""

from __future__ import annotations

from accord.ledger.views.definition import Column, Kind, Sql


def text(name: str, of: Sql, says: str) -> Column:
    """A column of words or ids."""
    return Column(name=name, kind=Kind.TEXT, of=of, says=says)


def count(name: str, of: Sql, says: str) -> Column:
    """A column of whole numbers."""
    return Column(name=name, kind=Kind.COUNT, of=of, says=says)


def number(name: str, of: Sql, says: str) -> Column:
    """A column of numbers with decimals."""
    return Column(name=name, kind=Kind.NUMBER, of=of, says=says)


def score(name: str, of: Sql, says: str) -> Column:
    """A column of scores, kept as whole tenths."""
    return Column(name=name, kind=Kind.SCORE, of=of, says=says)


def money(name: str, of: Sql, says: str) -> Column:
    """A column of amounts."""
    return Column(name=name, kind=Kind.MONEY, of=of, says=says)


def flag(name: str, of: Sql, says: str) -> Column:
    """A column that is true or false."""
    return Column(name=name, kind=Kind.FLAG, of=of, says=says)


def instant(name: str, of: Sql, says: str) -> Column:
    """A column of instants."""
    return Column(name=name, kind=Kind.INSTANT, of=of, says=says)


def date(name: str, of: Sql, says: str) -> Column:
    """A column of days."""
    return Column(name=name, kind=Kind.DATE, of=of, says=says)

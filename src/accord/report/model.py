"""A page as a value: sections of charts and tables, promises and findings. No HTML here."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from accord.findings import Finding
from accord.metrics import Promise, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: what is shown, and what stands in the CSV (exact, unrounded)."""

    shown: str
    raw: str
    status: Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table; numbers stand to the right. ``wide`` holds sentences, in lines."""

    title: str
    numeric: bool = True
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: ``name`` is its CSV file's, ``empty`` what is said where it has no rows.

    ``rows`` are all rows; the page shows the first ``limit`` and says so. ``has_total`` marks the
    last row as the sum of the others.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    has_total: bool = False
    limit: int = 40

    @property
    def shown_rows(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows that the page shows."""
        return self.rows[: self.limit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart as inline SVG; ``says`` is the same for those who do not see it."""

    name: str
    title: str
    says: str
    svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section: a standfirst in a sentence, charts, and the tables under them."""

    name: str
    title: str
    lead: str
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseLine:
    """One promise as it is read: what was owed, what was delivered, and the mark."""

    title: str
    terms: str
    delivered: str
    owed: str
    status: Status
    status_words: str
    filled: Decimal | None  # share of what was owed, 0..1, for the bar
    promise: Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One party's promises."""

    name: str
    title: str
    verdict: str
    lines: tuple[PromiseLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The report of a week, a month or a span; ``folder`` holds the tables' files, beside it."""

    name: str
    folder: str
    days: str
    state: str
    agreement: str
    headline: str
    sides: tuple[Side, ...]
    findings: tuple[Finding, ...]
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...]
    definitions: tuple[tuple[str, str, str], ...] = field(default=())

    @property
    def strap(self) -> tuple[str, ...]:
        """What stands beside the name at the top."""
        return (self.days, self.agreement)

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table of the page."""
        return tuple(table for section in self.sections for table in section.tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of an agreement on the first screen: how much, of how much, and how sure."""

    title: str
    shown: str
    of: str
    sure: str = ""  # share and interval, where it is an estimate
    filled: Decimal | None = None  # share, 0..1, for the bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One of the two agreements compared: ``name`` is now or then."""

    name: str
    title: str
    note: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PacePage:
    """The pace of a day: its figures by period, what is to be said, and the lines behind them."""

    name: str
    strap: tuple[str, ...]
    folder: str
    headline: str
    state: str
    standings: tuple[Standing, ...]
    findings: tuple[Finding, ...]
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table of the page."""
        return tuple(table for section in self.sections for table in section.tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPage:
    """Two agreements over the same leads; ``folder`` holds the tables' files, beside the page."""

    name: str
    strap: tuple[str, ...]
    folder: str
    headline: str
    state: str
    standings: tuple[Standing, ...]
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table of the page."""
        return tuple(table for section in self.sections for table in section.tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelinePage:
    """The pipeline review; ``folder`` holds the tables' files, beside the page."""

    name: str
    folder: str
    strap: tuple[str, ...]
    headline: str
    state: str
    standings: tuple[Standing, ...]
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...]
    definitions: tuple[tuple[str, str, str], ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table of the page."""
        return tuple(table for section in self.sections for table in section.tables)

"""Scores as they were, or would be, shown and not stored: ``accord score --as-of T``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accord.cli.app import DONE, instant, open_workspace, say, say_json, say_table
from accord.cli.lead_file import read_lead_ids
from accord.records import to_text

if TYPE_CHECKING:  # what scores imports the engines, which takes a while
    from accord.services.replay import Then
    from accord.services.scored import Scored

_REASONS = ("lead_id", "score", "name", "points", "uncapped", "count", "last_at", "weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of a replay, as it stands on the command line; ``lead_ids`` None: all leads."""

    as_of: str | None = None
    known_at: str | None = None
    agreement: Path | None = None
    lead: tuple[str, ...] = ()
    leads: Path | None = None
    csv: Path | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """The options that were given, but for ``--as-of``, which stages know as well."""
        given = {
            "--known-at": self.known_at,
            "--agreement": self.agreement,
            "--lead": self.lead or None,
            "--leads": self.leads,
            "--csv": self.csv,
        }
        return tuple(name for name, value in given.items() if value is not None)

    def read_lead_ids(self) -> tuple[str, ...] | None:
        """Read the leads that are named, each once; None if none is."""
        listed = () if self.leads is None else read_lead_ids(self.leads)
        return tuple(dict.fromkeys((*self.lead, *listed))) or None


def replay(asked: Asked, *, json: bool) -> int:
    """Compute scores as was asked, store nothing, and say or write them."""
    from accord.services.replay_rows import write_scores

    lead_ids = asked.read_lead_ids()
    with open_workspace() as workspace:
        then = _read(workspace, asked, lead_ids=lead_ids)
        table = then.table()
        scored = () if lead_ids is None else then.scored()
    if asked.csv is not None:
        write_scores(table, asked.csv)
    if json:
        say_json({**_head(then, table), "leads": _rows(table, scored)})
    else:
        _say(then, table, scored)
        if asked.csv is not None:
            say(f"wrote {asked.csv}")
    return DONE


def _read(workspace: Any, asked: Asked, *, lead_ids: Sequence[str] | None) -> Then:
    from accord.agreement import load
    from accord.services.replay import read_then, refuse_unknown

    then = read_then(
        workspace,
        as_of=instant(asked.as_of),
        known_at=None if asked.known_at is None else instant(asked.known_at, where="--known-at"),
        agreement=None if asked.agreement is None else load(asked.agreement),
        lead_ids=lead_ids,
    )
    refuse_unknown(then, lead_ids or (), where="--lead" if asked.leads is None else "--leads")
    return then


def _head(then: Then, table: Any) -> dict[str, Any]:
    from accord.services.replay_rows import count_held

    return {
        "as_of": to_text(then.as_of),
        "known_at": to_text(then.known_at),
        "agreement": then.agreement.version,
        "counts": count_held(table),
    }


def _rows(table: Any, scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """Return a row a lead, with its reasons where leads are named."""
    from accord.services.replay_rows import shown_rows

    reasons = {one.lead_id: {"reasons": [dict(line) for line in one.reasons]} for one in scored}
    return [row | reasons.get(row["lead_id"], {}) for row in shown_rows(table)]


def _say(then: Then, table: Any, scored: Sequence[Scored]) -> None:
    head = _head(then, table)
    counts = ", ".join(f"{count} {name}" for name, count in head["counts"].items())
    say(f"score as of {head['as_of']}, known at {head['known_at']}: {counts}")
    say(f"agreement {head['agreement']}; nothing is stored")
    if scored:
        rows = _rows(table, ())
        say_table(rows, list(rows[0]))
        lines = [{"lead_id": one.lead_id, **line} for one in scored for line in one.reasons]
        say_table(lines, _used(lines))


def _used(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    return [name for name in _REASONS if any(line.get(name) is not None for line in lines)]

"""The truth file: which row of which file is dirty and why, who would buy and for how much.

The system never reads it; tests and studies hold the system to it. One JSON object a line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from accord.simulate.dirt import EXPECTED, Expected, Flaw
from accord.simulate.prospects import Nature, Prospect

TRUTH_FILE = "truth.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirtyRow:
    """One dirty row: ``file`` by name, ``row`` from 1 for the first row of data."""

    file: str
    row: int
    entity: str
    record_id: str
    flaw: Flaw
    expected: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTruth:
    """What nobody at the company knows about one lead; ids carry no prefix.

    ``same_as`` names the lead of which this is the same person, else it is empty.
    """

    lead_id: str
    nature: Nature
    would_buy: bool
    value: Decimal
    best_channel: str
    need: str
    segment: str
    same_as: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """All that is true about what was written so far."""

    dirty: tuple[DirtyRow, ...]
    leads: Mapping[str, LeadTruth]


def lead_truth(prospect: Prospect, *, lead_id: str = "") -> LeadTruth:
    """Return the truth about a person's record: the first, or the one of another id."""
    return LeadTruth(
        lead_id=lead_id or prospect.lead_id,
        nature=prospect.nature,
        would_buy=prospect.would_buy,
        value=prospect.value,
        best_channel=prospect.best_channel,
        need=prospect.true_need,
        segment=prospect.account.size,
        same_as=prospect.lead_id if lead_id else "",
    )


def lead_line(truth: LeadTruth) -> dict[str, Any]:
    """Return a lead's truth as a line of the file."""
    return {
        "what": "lead",
        "lead_id": truth.lead_id,
        "nature": truth.nature.value,
        "would_buy": truth.would_buy,
        "value": str(truth.value),
        "best_channel": truth.best_channel,
        "need": truth.need,
        "segment": truth.segment,
        "same_as": truth.same_as,
    }


def dirty_line(*, file: str, row: int, entity: str, record_id: str, flaw: Flaw) -> dict[str, Any]:
    """Return a dirty row's truth as a line of the file."""
    return {
        "what": "dirty",
        "file": file,
        "row": row,
        "entity": entity,
        "record_id": record_id,
        "flaw": flaw.value,
        "expected": EXPECTED[flaw].value,
    }


def read_truth(folder: Path) -> Truth:
    """Read the truth file of a simulated company's folder."""
    dirty: list[DirtyRow] = []
    leads: dict[str, LeadTruth] = {}
    with (folder / TRUTH_FILE).open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if entry.pop("what") == "dirty":
                flaw, expected = Flaw(entry.pop("flaw")), Expected(entry.pop("expected"))
                dirty.append(DirtyRow(flaw=flaw, expected=expected, **entry))
            else:
                nature, value = Nature(entry.pop("nature")), Decimal(entry.pop("value"))
                leads[entry["lead_id"]] = LeadTruth(nature=nature, value=value, **entry)
    return Truth(dirty=tuple(dirty), leads=leads)

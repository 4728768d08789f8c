"""An agreement in which every key stands, small enough to change each value of it in turn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from accord.agreement import Agreement, AgreementError
from accord.agreement.document import Document
from accord.agreement.load import check
from accord.agreement.shape import validate

SHIPPED = Path(__file__).resolve().parents[2] / "agreement.yaml"
Place = tuple[Any, ...]

WORDS = {  # what a closed vocabulary, or a word that must be known elsewhere, may be instead
    "timezone": ["Europe/Paris"],
    "holidays": ["CA"],
    "currency": ["EUR"],
    "period": ["month"],
    "rounding": ["ceil"],
    "quiet_hours": ["never"],
    "clock": ["wall", "business"],
    "what": ["week", "pace"],
    "per": ["year"],
    "part": ["person", "account"],
    "shows": ["action", "desire"],
    "channel": ["message", "email"],
    "every": ["3 months"],
    "at": ["70%", "due+7h", "tue 08:00", "2 08:00", "08:00"],
    "role": ["ae", "sdr", "marketing"],
    "escalation": ["reminder", "marketing"],
    "calendar": ["berlin", "office"],
    "team": ["inbound", "emea"],
    "from": ["returned"],
    "until": ["decision", "closed", "activity"],
    "steps": ["proposal", "contracting"],
    "notify": ["cmo", "manager"],
    "to": ["cmo", "ceo"],
    "mqls_per_week": [12],
}


def small() -> dict[str, Any]:
    """The shipped agreement with long lists cut short, and with every key that may be left out."""
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(SHIPPED.read_text(encoding="utf-8"))
    content["scoring"]["fit"]["rules"][1:] = [
        {
            "name": "every operator",
            "part": "bant",
            "when": {
                "employees": {"gt": 5, "lt": 90},
                "budget": {"gte": 10, "lte": 99.5, "not_in": [50, 51]},
                "country": {"in": ["DE", "AT"], "present": True},
                "authority": True,
                "need": {"present": False},
                "any": [{"title": "boss"}, {"industry": ["a b", "c|d"], "timeline_days": 30}],
            },
            "points": -2.5,
        }
    ]
    kinds = content["scoring"]["engagement"]["activities"]
    content["scoring"]["engagement"]["activities"] = {
        name: kinds[name] for name in ("email_opened", "webinar_attended")
    }
    kinds = content["scoring"]["intent"]["activities"]
    content["scoring"]["intent"]["activities"] = {"pricing_viewed": kinds["pricing_viewed"]}
    teams = content["teams"]
    for name in ("enterprise", "customer_marketing", "product_marketing", "marketing_operations"):
        del teams[name]
    content["handoff"]["routing"]["mql"][1]["team"] = "inbound"
    content["sla"]["sales"]["opportunity"]["within"] = "168h"
    content["sla"]["sales"]["close"]["pauses"] = ["owner_away"]
    content["sla"]["sales"]["close"]["calendar"] = "berlin"
    content["cadence"]["not_connected"] = content["cadence"]["not_connected"][:2]
    for words in content["sla"]["reasons"].values():
        del words[2:]
    for name, stage in content["stages"].items():
        if name not in ("engaged", "deferred"):
            del stage["aliases"]
    return content


CONTENT = small()


def leaves_below(value: Any, place: Place = ()) -> Iterator[Place]:
    """Every place where a single value stands."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves_below(below, (*place, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from leaves_below(below, (*place, index))
    else:
        yield place


LEAVES = tuple(leaves_below(CONTENT))


def parent_of(content: Any, place: Place) -> Any:
    for step in place[:-1]:
        content = content[step]
    return content


def key_of(place: Place) -> Any:
    """The name that says what a value is: its own key, or that of its list."""
    return next(step for step in reversed(place) if not isinstance(step, int))


def others(place: Place, value: Any) -> Iterator[Any]:
    """What might stand in place of a value; not all of it makes an agreement."""
    yield from (word for word in WORDS.get(key_of(place), []) if word != value)
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, float):
        yield from (value - 0.001, value + 0.001)
    elif isinstance(value, date):
        yield value + timedelta(days=1)
    elif isinstance(value, str):
        if value[:-1].isdecimal():
            yield from (f"{int(value[:-1]) + 1}{value[-1]}", f"{int(value[:-1]) - 1}{value[-1]}")
        yield value.replace("00", "15", 1)
        yield from (f"{value}x", "Berlin" if value != "Berlin" else "Rom")


def with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): with_text_keys(below) for key, below in value.items()}
    return [with_text_keys(below) for below in value] if isinstance(value, list) else value


def agreement_of(content: Any) -> Agreement:
    """The agreement of a content, with the text that it would be read from."""
    text = json.dumps(
        with_text_keys(content), default=str
    )  # which is YAML too, and much faster to write
    return check(Document(where="a.yaml", text=text, content=content, lines={}, faults=()))


def read_json(text: str, *, where: str) -> Document:
    """Read the text of such an agreement as JSON: as YAML it takes a hundred times as long."""
    return Document(where=where, text=text, content=json.loads(text), lines={}, faults=())


def copied(value: Any) -> Any:
    """A copy all the way down; plain values cannot be changed."""
    if isinstance(value, dict):
        return {key: copied(below) for key, below in value.items()}
    return [copied(below) for below in value] if isinstance(value, list) else value


def with_value(place: Place, value: Any) -> Any:
    content = copied(CONTENT)
    parent_of(content, place)[place[-1]] = value
    return content


def without(place: Place) -> Any:
    content = copied(CONTENT)
    del parent_of(content, place)[place[-1]]
    return content


def try_agreement(content: Any) -> Agreement | None:
    if validate(content)[0] is None:  # most attempts end here, and soon
        return None
    try:
        return agreement_of(content)
    except AgreementError:
        return None


@lru_cache(maxsize=1)
def base() -> Agreement:
    return agreement_of(CONTENT)


@lru_cache(maxsize=1)
def all_changed() -> tuple[tuple[Place, Agreement], ...]:
    """An agreement a leaf that can be another, with that leaf another and all else the same."""
    found = []
    for place in LEAVES:
        value = parent_of(CONTENT, place)[place[-1]]
        candidates = (one for one in others(place, value) if one != value)
        made = (try_agreement(with_value(place, one)) for one in candidates)
        agreement = next((one for one in made if one is not None), None)
        if agreement is not None:
            found.append((place, agreement))
    return tuple(found)


@lru_cache(maxsize=1)
def all_shortened() -> tuple[tuple[Place, Agreement], ...]:
    """An agreement a leaf, entry or item that may be left out, without it."""
    places = dict.fromkeys(place[:depth] for place in LEAVES for depth in range(2, len(place) + 1))
    made = ((place, try_agreement(without(place))) for place in places)
    return tuple((place, one) for place, one in made if one is not None)


@lru_cache(maxsize=1)
def all_reversed() -> tuple[tuple[Place, Agreement], ...]:
    """An agreement a list whose order may be another, with it turned round."""
    lists = dict.fromkeys(
        place[:depth]
        for place in LEAVES
        for depth in range(1, len(place))
        if isinstance(place[depth], int)
    )
    found = []
    for place in lists:
        items = parent_of(CONTENT, place)[place[-1]]
        agreement = try_agreement(with_value(place, items[::-1])) if len(items) > 1 else None
        if agreement is not None:
            found.append((place, agreement))
    return tuple(found)


def renamed(value: Any, old: str, new: str) -> Any:
    """A copy in which a name is another wherever it stands, as key and as value."""
    if isinstance(value, dict):
        return {
            new if key == old else key: renamed(below, old, new) for key, below in value.items()
        }
    if isinstance(value, list):
        return [renamed(below, old, new) for below in value]
    return new if value == old else value

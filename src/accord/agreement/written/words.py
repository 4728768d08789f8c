"""Values of the agreement as people say them. Different values are said differently.

What a person wrote (a name, a pattern, a word of a CRM) is never altered, only set in quotation
marks where it would not stand out; characters that cannot be seen are named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from accord.agreement.values import Duration, StepAt

_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
_PLAIN_NAME = re.compile(r"[^\W_][\w.@+-]*")
_SIZES = {"h": 3600, "m": 60, "s": 1}


def say_count(count: int, noun: str, plural: str = "") -> str:
    """Say how many of something.

    >>> say_count(1, "lead"), say_count(1200, "lead")
    ('1 lead', '1,200 leads')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def say_duration(duration: Duration) -> str:
    """Say a duration in the unit it was written in.

    >>> say_duration(Duration(5, "m"))
    '5 minutes'
    """
    return say_count(duration.count, _UNITS[duration.unit])


def say_number(number: Decimal | int) -> str:
    """Say a number exactly, without zeros that mean nothing.

    >>> say_number(Decimal("1000.50"))
    '1,000.5'
    """
    text = f"{Decimal(number):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def say_share(share: Decimal) -> str:
    """Say a share in per cent, exactly.

    >>> say_share(Decimal("0.005"))
    '0.5 %'
    """
    return f"{say_number(share * 100)} %"


def say_money(amount: Decimal, currency: str) -> str:
    """Say an amount in the agreement's currency."""
    return f"{say_number(amount)} {currency}"


def say_points(points: Decimal) -> str:
    """Say points with their sign, since they are added up."""
    sign = "+" if points >= 0 else "-"
    return f"{sign}{say_number(abs(points))}"


def say_step_at(at: StepAt) -> str:
    """Say where a step stands on its term.

    >>> from accord.agreement.values import parse_step_at
    >>> say_step_at(parse_step_at("80%")), say_step_at(parse_step_at("due+30m"))
    ('after 80 % of the time', '30 minutes after it is due')
    """
    if at.share is not None:
        return f"after {say_share(at.share)} of the time"
    if not at.after:
        return "when it is due"
    seconds = int(at.after.total_seconds())
    unit = next(unit for unit, size in _SIZES.items() if not seconds % size)
    return f"{say_duration(Duration(seconds // _SIZES[unit], unit))} after it is due"


def say_all(words: Iterable[str]) -> str:
    """Join by commas and *and*.

    >>> say_all(["one", "two", "three"])
    'one, two and three'
    """
    return _joined(list(words), "and")


def say_any(words: Iterable[str]) -> str:
    """Join by commas and *or*."""
    return _joined(list(words), "or")


def _joined(words: list[str], last: str) -> str:
    if not words:
        return "none"
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def say_name(name: str) -> str:
    r"""Say what a person wrote: bare if it is one word, else in quotation marks.

    >>> say_name("first_touch"), say_name("decision maker")
    ('first_touch', '“decision maker”')
    """
    seen = say_text(name)
    return seen if _PLAIN_NAME.fullmatch(name) and seen == name else f"“{seen}”"


def say_text(text: str) -> str:
    """Say a text as it stands; a character that cannot be seen is named by its number."""
    return "".join(one if one.isprintable() else f"⟨U+{ord(one):04X}⟩" for one in text)

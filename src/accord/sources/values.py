"""One cell's text to one value: the definition of every kind but ids, text and instants.

Each function returns None for text that is no such value. They are called once per distinct text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pandas as pd
import pyarrow as pa

from accord.records import Field, Kind, Stage, to_text
from accord.sources.stamps import parse_instants

StageOf = Callable[[str], Stage | None]
"""What a word means as a stage, by the agreement's aliases."""

_MOST = 2**63 - 1
_YES = frozenset({"true", "t", "yes", "y", "1"})
_NO = frozenset({"false", "f", "no", "n", "0"})
_BLANKS = re.compile(r"[\s\u00a0\u202f]+")
_CURRENCY = r"(?:[A-Za-z]{0,3}[$€£¥₹]|[A-Z]{3}|[€£¥₹])"
_POINT = r"(?:\d+|\d{1,3}(?:[,' ]\d{3})+)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?"
_COMMA = r"(?:\d+|\d{1,3}(?:[.' ]\d{3})+)?(?:,\d*)?"
_GRAMMARS = {
    style: re.compile(rf"([+-]?) ?{_CURRENCY}? ?([+-]?)(?=[\d.,])({number}) ?{_CURRENCY}?")
    for style, number in ((".", _POINT), (",", _COMMA))
}
_OTHERS = {".": ",' ", ",": ".' "}


def parse_number(text: str, *, decimal: str) -> Decimal | None:
    """Read a number by its decimal sign; groups of thousands and a currency may be there.

    >>> parse_number("€ 3.500,00", decimal=",")
    Decimal('3500.00')
    >>> parse_number("1,234.5", decimal=".")
    Decimal('1234.5')
    """
    found = _GRAMMARS[decimal].fullmatch(_BLANKS.sub(" ", text))
    if found is None or (found[1] and found[2]):
        return None
    digits = found[3].translate(str.maketrans("", "", _OTHERS[decimal])).replace(decimal, ".")
    if not any(sign.isdigit() for sign in digits.split("e")[0].split("E")[0]):
        return None
    return Decimal(f"{found[1] or found[2]}{digits}")


def parse_integer(text: str, *, decimal: str) -> int | None:
    """Read a whole number, ``3.0`` included, within 64 bits."""
    number = parse_number(text, decimal=decimal)
    if number is None or abs(number) > _MOST or number != number.to_integral_value():
        return None
    return int(number)


def parse_float(text: str, *, decimal: str) -> float | None:
    """Read a decimal number as a float."""
    number = parse_number(text, decimal=decimal)
    return None if number is None else float(number)


def parse_money(text: str, *, decimal: str) -> Decimal | None:
    """Read an amount exactly; one that no store could keep (18 digits and more) is none."""
    number = parse_number(text, decimal=decimal)
    return None if number is None or abs(number) >= Decimal(10) ** 16 else number


def parse_flag(text: str) -> bool | None:
    """Read yes or no in the ways that files write them."""
    word = text.casefold()
    return True if word in _YES else False if word in _NO else None


def parse_word(text: str, *, field: Field, stage_of: StageOf) -> str | None:
    """Read a word of a closed vocabulary; case, blanks and hyphens do not count.

    A stage may be any of the agreement's aliases.
    """
    if field.words == tuple(Stage):
        stage = stage_of(text)
        return None if stage is None else stage.value
    word = re.sub(r"[\s-]+", "_", text.casefold())
    return word if word in field.words else None


def parse_spans(text: str, *, zone: str) -> str | None:
    """Read ``from/until`` pairs joined by ``;`` and write them in UTC, in order.

    Instants without a zone are local; until must lie after from.
    """
    pairs = [part.split("/") for part in text.split(";") if part.strip()]
    ends = pa.array([end.strip() for pair in pairs for end in pair], pa.large_string())
    instants = [stamp.to_pydatetime() for stamp in parse_instants(ends, formats=(), zone=zone)]
    spans = list(zip(instants[::2], instants[1::2], strict=False))
    if any(len(pair) != 2 for pair in pairs) or any(pd.isna(one) for one in instants):  # noqa: PLR2004 - a pair
        return None
    if not spans or any(since >= until for since, until in spans):
        return None
    return ";".join(f"{to_text(since)}/{to_text(until)}" for since, until in sorted(spans))


EXPECTED: dict[Kind, str] = {
    Kind.ID: "an id as it was given, without control characters and not rounded as 1.2E+17",
    Kind.TEXT: "text without control characters",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.MONEY: "an amount",
    Kind.FLAG: "yes or no, true or false, 1 or 0",
    Kind.SPANS: "from/until pairs of ISO 8601 instants joined by ;",
}
"""What was expected, for people, by kind; words, instants and dates say it themselves."""

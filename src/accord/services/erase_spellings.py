"""How a person's e-mail, name or phone may be spelled in a file: what is looked for, and cut out.

In any case; in UTF-8, Latin-1 and UTF-16; composed and decomposed accents; as JSON, HTML, a URL or
SQL would write it; a phone with any separators, with or without its country. Pure: texts and bytes
in, findings out.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html.entities import codepoint2name
from urllib.parse import quote, quote_plus

CUT = "[...]"
"""What stands where a person was quoted: shorter than anything that is looked for."""

_FEWEST_DIGITS = 7
_LAST_ASCII = 127
_SUBSCRIBER_DIGITS = 9
_SHORTEST_WORD = 8
_SHORTEST_NAME = 5
_BETWEEN = rb"(?:[ ().\-/_]|\xc2\xa0|\xa0|%20|%28|%29|%2[dD]|\\u00a0|&nbsp;|&#160;){0,3}"
_SPACES = (" ", "  ", "+", "%20", "_", "\u00a0", "\t", "-", ".")


class About(StrEnum):
    """What a needle is."""

    EMAIL = "e-mail"
    NAME = "name"
    PHONE = "phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needle:
    """One thing to look for: the spellings of a text (lower case), or the digits of a phone."""

    about: About
    spellings: tuple[bytes, ...] = ()
    run: tuple[bytes, ...] = ()  # letters that stand in every spelling: most texts lack them
    digits: re.Pattern[bytes] | None = None

    def is_in(self, lowered: bytes) -> bool:
        """Whether it stands in these bytes, which are lower case (``bytes.lower``)."""
        if self.run and not any(letters in lowered for letters in self.run):
            return False
        if any(spelling in lowered for spelling in self.spellings):
            return True
        return self.digits is not None and self.digits.search(lowered) is not None

    def cut_from(self, text: bytes) -> bytes:
        """Return the bytes with every spelling cut out; a name only where it is whole words."""
        if self.digits is not None:
            return self.digits.sub(CUT.encode(), text)
        if not self.is_in(text.lower()):
            return text
        return _words(self).sub(CUT.encode(), text)


def _words(needle: Needle) -> re.Pattern[bytes]:
    listed = b"|".join(re.escape(one) for one in sorted(needle.spellings, key=len, reverse=True))
    edges = (b"", b"")
    if needle.about is About.NAME:
        edges = (rb"(?<![a-z0-9\x80-\xff])", rb"(?![a-z0-9\x80-\xff])")
    return re.compile(edges[0] + b"(?:" + listed + b")" + edges[1], re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needles:
    """All that a person is looked for by."""

    all: tuple[Needle, ...] = ()

    def found_in(self, data: bytes, *, about: Sequence[About] = tuple(About)) -> tuple[About, ...]:
        """Return what of the person stands in these bytes."""
        lowered = data.lower()
        found = {one.about for one in self.all if one.about in about and one.is_in(lowered)}
        return tuple(kind for kind in About if kind in found)

    def names_person(self, text: str) -> bool:
        """Whether a text holds the e-mail or the phone, which nobody else has."""
        return bool(self.found_in(text.encode(), about=(About.EMAIL, About.PHONE)))

    def cut_from(self, data: bytes) -> bytes:
        """Return bytes of text with all that stands of the person cut out."""
        for needle in self.all:
            data = needle.cut_from(data)
        return data


def needles_of(values: Iterable[str]) -> Needles:
    """Prepare what is looked for; a value that is too short to tell a person is left out.

    A value with an ``@`` is an e-mail, one of mostly digits a phone, any other a name.
    """
    seen = dict.fromkeys(value.strip() for value in values)
    return Needles(all=tuple(one for value in seen if (one := _needle(value)) is not None))


def is_searchable(value: str) -> bool:
    """Whether a value tells a person from any other text.

    >>> [is_searchable(one) for one in ("Jo", "Will", "Jo Ny", "a@b.co", "123", "555 0100 7")]
    [False, False, True, True, False, True]
    """
    return _needle(value.strip()) is not None


def _needle(value: str) -> Needle | None:
    if "@" in value:
        return Needle(about=About.EMAIL, spellings=_spellings(value), run=_run(value))
    digits = re.sub(r"\D", "", value)
    if len(digits) >= _FEWEST_DIGITS and not re.search(r"[^\W\d_]{3}", value):
        return Needle(about=About.PHONE, digits=_phone(digits))
    letters = re.sub(r"\s", "", value)
    shortest = _SHORTEST_NAME - 1 if len(value.split()) > 1 else _SHORTEST_WORD
    if len(letters) < shortest or digits == letters:
        return None
    return Needle(about=About.NAME, spellings=_spellings(value), run=_run(value))


def _phone(digits: str) -> re.Pattern[bytes]:
    """Match the subscriber's digits, however they are grouped; the country may be left out."""
    core = digits.lstrip("0")[-_SUBSCRIBER_DIGITS:].encode()
    spelled = _BETWEEN.join(bytes([digit]) for digit in core)
    return re.compile(rb"(?<![0-9])(?:\+?[0-9]{1,5}" + _BETWEEN + rb")?" + spelled + rb"(?![0-9])")


def _run(value: str) -> tuple[bytes, ...]:
    """Return the longest run of plain letters as UTF-8 and UTF-16 write it; nothing if too short.

    A letter beside an accented one may be written together with it, so it does not count.
    """
    runs = re.findall(r"(?<![^\W\d_])[a-z]{3,}(?![^\W\d_])", value.lower(), re.ASCII)
    alone = [run for run in runs if run in unicodedata.normalize("NFD", value).lower()]
    if not alone:
        return ()
    longest = max(alone, key=len)
    return longest.encode(), longest.encode("utf-16-le")


def _spellings(value: str) -> tuple[bytes, ...]:
    found = {
        encoded.lower()
        for text in _cases(value)
        for spaced in _spaced(text)
        for encoded in _encodings(spaced)
    }
    return tuple(sorted(found))


def _cases(value: str) -> set[str]:
    cased = {value, value.lower(), value.upper(), value.casefold(), value.title()}
    forms = {unicodedata.normalize(form, one) for one in cased for form in ("NFC", "NFD")}
    return {one for form in forms for one in (form, form.replace("'", "\u2019"))}


def _spaced(text: str) -> set[str]:
    words = text.split()
    return {text, *(space.join(words) for space in _SPACES)}


def _encodings(text: str) -> Iterator[bytes]:
    escaped = json.dumps(text)[1:-1]
    written = {
        text,
        json.dumps(text, ensure_ascii=False)[1:-1],
        escaped,
        json.dumps(escaped)[1:-1],
        escaped.replace("/", "\\/").replace("@", "\\u0040"),
        escaped.replace("'", "\\u0027"),
        quote(text, safe=""),
        quote(text, safe="@"),
        quote_plus(text),
        text.replace("'", "''"),
        text.replace("'", "\\'"),
        *_html(text),
    }
    for one in written:
        yield one.encode("utf-8", "surrogatepass")
    yield text.encode("utf-16-le", "surrogatepass")
    if not text.isascii():
        try:
            yield text.encode("latin-1")
        except UnicodeEncodeError:
            return


def _html(text: str) -> Iterator[str]:
    """Yield a text as pages write it: the apostrophe in four ways, accents in three."""
    escaped = html.escape(text, quote=False).replace('"', "&quot;")
    for apostrophe in ("'", "&#x27;", "&#39;", "&apos;"):
        written = escaped.replace("'", apostrophe)
        yield written
        yield written.encode("ascii", "xmlcharrefreplace").decode()
        yield "".join(f"&{_NAMED[ord(c)]};" if ord(c) in _NAMED else c for c in written)


_NAMED = {code: name for code, name in codepoint2name.items() if code > _LAST_ASCII}

"""Templates that a team may replace: the sandbox they run in, and the faults they can have.

What they are for, and which variables they know, stands where they are used (``wording`` for
messages, ``mails`` for the mails of a cadence).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from traceback import extract_tb
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from accord.errors import InputError

SUFFIX = ".j2"
_LONGEST_SUBJECT = 200
_BREAKS = frozenset({"Cc", "Zl", "Zp"})  # control characters, separators of lines and paragraphs
_UNPRINTABLE = frozenset({"Cs"})  # halves of a character, which no terminal and no mail can take
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Variables = Mapping[str, Any]


class WordingError(InputError):
    """A template that cannot be used: which one, in which line, and why."""


class TemplateSet:
    """The shipped templates of a folder of ``accord.outbox``; a team's own replace or add to them.

    ``setting`` is the variable that names the team's folder, ``guide`` the page that lists what a
    template may say. A variable that is not there is a fault, and HTML is escaped. What lies in a
    folder within is a part that templates include, and no template of its own. InputError if the
    team's folder is none.
    """

    def __init__(self, folder: Path | None, *, shipped: str, setting: str, guide: str) -> None:
        if folder is not None and not folder.is_dir():
            raise InputError(
                where=setting,
                found=f"{folder} is no folder",
                remedy="make it, or leave the variable out for the shipped templates",
            )
        self._own = None if folder is None else FileSystemLoader(folder)
        own: list[BaseLoader] = [] if self._own is None else [self._own]
        self._guide = guide
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([*own, PackageLoader("accord.outbox", shipped)]),
            undefined=StrictUndefined,
            autoescape=lambda name: name is not None and ".html" in name,
            keep_trailing_newline=False,
        )

    @property
    def own(self) -> tuple[str, ...]:
        """The names of the team's own templates, sorted."""
        return () if self._own is None else _templates(self._own.list_templates())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all templates, sorted."""
        return _templates(self._environment.list_templates())

    def render(self, name: str, variables: Variables) -> str:
        """Fill in one template; WordingError if it cannot be used."""
        try:
            return self._environment.get_template(name).render(variables)
        except TemplateSyntaxError as error:
            raise self._fault(error.name or name, error.lineno, error) from None
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise self._fault(*_place_of(error, name), error) from None
        except (AttributeError, UnicodeDecodeError, RecursionError, OSError) as error:
            raise self._fault(*_place_of(error, name), error) from None

    def _fault(self, name: str, line: int | None, error: BaseException) -> WordingError:
        place = "" if line is None else f", line {line}"
        found = str(error).splitlines()[0] if str(error) else type(error).__name__
        remedy = f"mend it, or remove it for the shipped one; {self._guide} lists the variables"
        return WordingError(where=f"template {name}{place}", found=found, remedy=remedy)


def subject_line(text: str) -> str:
    """Return a subject: one line of at most 200 characters."""
    return one_line(text)[:_LONGEST_SUBJECT].rstrip()


def one_line(text: str) -> str:
    r"""Return a text as one line that nothing in it can break, turn round or colour.

    Whatever ends a line or steers a terminal becomes a space, runs of spaces become one. Marks that
    turn the direction of what follows them are left out; right-to-left letters stay.

    >>> one_line("Zoë\r\nBcc: x@y.example")
    'Zoë Bcc: x@y.example'
    """
    return " ".join("".join(_printed(character) for character in text).split())


def _printed(character: str) -> str:
    kind = unicodedata.category(character)
    if kind in _BREAKS:
        return " "
    return "" if kind in _UNPRINTABLE or character in _TURNS else character


def _templates(names: list[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if name.endswith(SUFFIX) and "/" not in name))


def _place_of(error: BaseException, name: str) -> tuple[str, int | None]:
    """Return the template, or the part it includes, and the line at which it failed.

    jinja2 puts both into the traceback.
    """
    frames = [each for each in extract_tb(error.__traceback__) if SUFFIX in each.filename]
    return (Path(frames[-1].filename).name, frames[-1].lineno) if frames else (name, None)

"""What a message says, by templates that a team may replace. Ids only, no names of leads.

Six templates: subject, text and HTML of one step, and of a digest of several. They run in a
sandbox, a variable that is not there is a fault, and HTML is escaped. What must be said whatever a
template says (a test, a repeat) is put before it here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from markupsafe import Markup

from accord.errors import InputError

_PARTS = ("subject", "txt", "html")
_LONGEST_SUBJECT = 200
_REMEDY = "mend it, or remove it for the shipped one; docs/messages.md lists the variables"

Variables = Mapping[str, Any]

_ITEM: Variables = {
    "reference": "0f0f0f0f",
    "repeated": False,
    "clock_id": "c1",
    "term": "first_touch",
    "side": "sales",
    "lead_id": "crm:1",
    "segment": "small",
    "about": "lead crm:1",
    "owner": "crm:2",
    "team": "inbound",
    "from_event": "assigned",
    "until_event": "touch",
    "at": "due+30m",
    "started": "2026-11-02 10:00:00-05:00",
    "due": "2026-11-02 10:05:00-05:00",
    "is_late": True,
    "late_wall": "30 min",
    "late_business": "30 min",
    "next": "call the lead",
}
SAMPLE: Variables = {
    "recipient": {"role": "rep", "id": "crm:2"},
    "as_of": "2026-11-02 10:35:00-05:00",
    "late": 1,
    "test": False,
    "item": _ITEM,
    "items": (_ITEM, {**_ITEM, "is_late": False, "lead_id": None, "segment": None}),
}
"""Every variable that a template may use, with values as they come."""


class WordingError(InputError):
    """A template that cannot be used: which one, in which line, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a message says: one line of subject, plain text, and the same as HTML."""

    subject: str
    text: str
    html: str


class Templates:
    """The shipped templates; those of the same name in ``folder`` replace them."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise InputError(
                where="ACCORD_MESSAGE_TEMPLATES",
                found=f"{folder} is no folder",
                remedy="make it, or leave the variable out for the shipped templates",
            )
        shipped = PackageLoader("accord.outbox")
        own: list[BaseLoader] = [] if folder is None else [FileSystemLoader(folder)]
        self.folder = folder
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([*own, shipped]),
            undefined=StrictUndefined,
            autoescape=lambda name: name is not None and ".html" in name,
            keep_trailing_newline=False,
        )

    def render(self, variables: Variables, *, notices: Sequence[str] = ()) -> Wording:
        """Say one step, or a digest where ``items`` are several; notices stand before it.

        WordingError if a template cannot be used.
        """
        name = "step" if len(variables["items"]) == 1 else "digest"
        subject, text, html = (self._part(f"{name}.{part}.j2", variables) for part in _PARTS)
        said = [Markup("<p><b>{}</b></p>\n").format(notice) for notice in notices]
        return Wording(
            subject=" ".join(subject.split())[:_LONGEST_SUBJECT],
            text="\n\n".join([*notices, text.strip()]) + "\n",
            html="".join(said) + html,
        )

    def check(self) -> tuple[str, ...]:
        """Render each template once with sample values; return the names of a team's own.

        WordingError for the first that cannot be used.
        """
        for items in (SAMPLE["items"], SAMPLE["items"][:1]):
            self.render({**SAMPLE, "items": items})
        if self.folder is None:
            return ()
        known = {f"{name}.{part}.j2" for name in ("step", "digest") for part in _PARTS}
        there = sorted(one.name for one in self.folder.glob("*.j2"))
        for name in there:
            if name not in known:
                raise WordingError(
                    where=f"template {name}",
                    found="no message uses it",
                    expected="one of " + ", ".join(sorted(known)),
                )
        return tuple(there)

    def _part(self, name: str, variables: Variables) -> str:
        try:
            return self._environment.get_template(name).render(variables)
        except TemplateSyntaxError as error:
            raise _fault(error.name or name, error.lineno, error) from None
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise _fault(name, _line_of(error), error) from None
        except (AttributeError, UnicodeDecodeError, RecursionError, OSError) as error:
            raise _fault(name, _line_of(error), error) from None


def _line_of(error: BaseException) -> int | None:
    """Return the line of the template at which it failed; jinja2 puts it into the traceback."""
    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if ".j2" in frame.filename]
    return lines[-1] if lines else None


def _fault(name: str, line: int | None, error: BaseException) -> WordingError:
    place = "" if line is None else f", line {line}"
    found = str(error).splitlines()[0] if str(error) else type(error).__name__
    return WordingError(where=f"template {name}{place}", found=found, remedy=_REMEDY)

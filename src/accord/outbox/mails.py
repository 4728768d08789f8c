"""What a rep's mail to a lead says, by templates that a team may replace and add to.

Each step of the cadence names a template; its subject is ``NAME.subject.j2``, its plain text
``NAME.txt.j2``. These are drafts for the rep: nothing here is sent or kept, and unlike messages
they hold names. docs/cadence.md lists what a template may say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from accord.errors import InputError
from accord.outbox.templating import TemplateSet, Variables, WordingError, one_line, subject_line

_SETTING = "ACCORD_MAIL_TEMPLATES"
_PARTS = (".subject.j2", ".txt.j2")

MAIL_SAMPLE: Variables = {
    "lead": {
        "id": "crm:1",
        "name": "Zoë Martin",
        "first_name": "Zoë",
        "email": "zoe@acme.example",
        "phone": "+1 212 555 0100",
        "title": "Head of Operations",
        "company": "Acme",
        "industry": "retail",
        "country": "US",
        "segment": "small",
    },
    "rep": {"id": "crm:ann", "name": "Ann Lee", "email": "ann@example.com"},
    "step": {"branch": "not_connected", "number": 2, "due": "2026-11-02 10:30"},
    "attempts": 2,
    "last": {"channel": "voicemail", "at": "2026-11-02 10:06", "on": "2026-11-02"},
    "talk": {"channel": "call", "at": "2026-11-02 10:05", "on": "2026-11-02"},
}
"""Every variable that a template may use, with values as they come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWording:
    """What a mail says: one line of subject, and plain text."""

    subject: str
    text: str


class MailTemplates:
    """The shipped templates of mails; a team's own in ``folder`` replace them or add names."""

    def __init__(self, folder: Path | None = None) -> None:
        self._set = TemplateSet(
            folder, shipped="mail_templates", setting=_SETTING, guide="docs/cadence.md"
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names that have a subject and a text, sorted."""
        there = set(self._set.names)
        halves = (_split(file) for file in there)
        return tuple(sorted({name for name, _ in halves if not _missing(name, there)}))

    def require(self, name: str, *, where: str) -> None:
        """Refuse a name without subject or text: InputError, saying ``where`` it is named."""
        missing = _missing(name, set(self._set.names))
        if missing:
            raise InputError(
                where=where,
                found=f"template {name!r} has no text",
                expected="one of " + ", ".join(self.names),
                remedy=f"or write {' and '.join(missing)} into the folder of {_SETTING}",
            )

    def render(self, name: str, variables: Variables) -> MailWording:
        """Fill in a template; WordingError if it cannot be used.

        Texts among the variables are taken as one line each, so that what a source wrote into a
        name can neither begin a line nor steer a terminal.
        """
        plain = _one_line_each(variables)
        subject, text = (self._set.render(f"{name}{part}", plain) for part in _PARTS)
        return MailWording(subject=subject_line(subject), text=text.strip() + "\n")

    def check(self) -> tuple[str, ...]:
        """Render every template with sample values, and with nothing known; return a team's own.

        WordingError for the first that cannot be used, or that no mail could use.
        """
        for file in self._set.own:
            self._check_name(file)
        for variables in (MAIL_SAMPLE, _nothing_known(MAIL_SAMPLE)):
            for name in self.names:
                self.render(name, variables)
        return self._set.own

    def _check_name(self, file: str) -> None:
        name, part = _split(file)
        where = f"template {file}"
        if not part:
            expected = "NAME.subject.j2 or NAME.txt.j2, or a folder for parts to include"
            raise WordingError(where=where, found="no mail uses it", expected=expected)
        missing = _missing(name, set(self._set.names))
        if missing:
            raise WordingError(
                where=where, found="no mail can use it alone", remedy=f"add {missing[0]}"
            )


def _split(file: str) -> tuple[str, str]:
    """Return a file's template and part; both are empty if it is no part of a mail.

    >>> _split("follow_up.txt.j2")
    ('follow_up', '.txt.j2')
    """
    for part in _PARTS:
        if file.endswith(part) and file != part:
            return file.removesuffix(part), part
    return "", ""


def _missing(name: str, there: set[str]) -> list[str]:
    return [f"{name}{part}" for part in _PARTS if f"{name}{part}" not in there]


def _one_line_each(variables: Variables) -> Variables:
    return {name: _plain(value) for name, value in variables.items()}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return _one_line_each(value)
    return one_line(value) if isinstance(value, str) else value


def _nothing_known(variables: Variables) -> Variables:
    """Return the variables as they are of a lead of whom nothing is known, and never tried."""
    empty = {
        name: dict.fromkeys(value, "") if isinstance(value, Mapping) else 0
        for name, value in variables.items()
    }
    return {**empty, "step": variables["step"]}

"""What a message says, by templates that a team may replace. Ids only, no names of leads.

Nine templates: subject, text and HTML of one step, of a digest of several, and of a review's page.
They run in a sandbox, a variable that is not there is a fault, and HTML is escaped. What must be
said whatever a template says (a test, a repeat) is put before it here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from accord.outbox.templating import TemplateSet, Variables, WordingError, one_line, subject_line

_PARTS = ("subject", "txt", "html")

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


REVIEW_SAMPLE: Variables = {
    "recipient": {"role": "cmo", "id": "cmo"},
    "test": False,
    "review": {
        "name": "weekly",
        "of": "2026-W46",
        "headline": "Marketing missed 1 of 5 promises, sales missed none",
        "said": ("Marketing: 4 of 5 kept.", "Marketing delivered 3 MQLs in segment middle."),
        "corrected": False,
        "due": "2026-11-16 07:00",
        "page": "https://reports.example.com/report-2026-W46.html",
    },
}
"""Every variable that the templates of a review may use, with values as they come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a message says: one line of subject, plain text, and the same as HTML."""

    subject: str
    text: str
    html: str


def _in_lines(value: Any) -> Any:
    """Return what is told with every text on one line: an id or a name must not write a message."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return {name: _in_lines(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_in_lines(one) for one in value]
    return value


class Templates:
    """The shipped templates; those of the same name in ``folder`` replace them."""

    def __init__(self, folder: Path | None = None) -> None:
        self._set = TemplateSet(
            folder,
            shipped="templates",
            setting="ACCORD_MESSAGE_TEMPLATES",
            guide="docs/messages.md",
        )

    def render(self, variables: Variables, *, notices: Sequence[str] = ()) -> Wording:
        """Say one step, or a digest where ``items`` are several; notices stand before it.

        WordingError if a template cannot be used.
        """
        name = "step" if len(variables["items"]) == 1 else "digest"
        return self._say(name, variables, notices)

    def render_review(self, variables: Variables, *, notices: Sequence[str] = ()) -> Wording:
        """Say that a review's page is there; notices stand before it.

        WordingError if a template cannot be used.
        """
        return self._say("review", variables, notices)

    def _say(self, name: str, variables: Variables, notices: Sequence[str]) -> Wording:
        told = _in_lines(variables)
        subject, text, html = (self._set.render(f"{name}.{part}.j2", told) for part in _PARTS)
        notices = [one_line(notice) for notice in notices]
        said = [Markup("<p><b>{}</b></p>\n").format(notice) for notice in notices]
        return Wording(
            subject=subject_line(subject),
            text="\n\n".join([*notices, text.strip()]) + "\n",
            html="".join(said) + html,
        )

    def check(self) -> tuple[str, ...]:
        """Render each template once with sample values; return the names of a team's own.

        WordingError for the first that cannot be used.
        """
        for items in (SAMPLE["items"], SAMPLE["items"][:1]):
            self.render({**SAMPLE, "items": items})
        self.render_review(REVIEW_SAMPLE)
        known = {f"{name}.{part}.j2" for name in ("step", "digest", "review") for part in _PARTS}
        for name in self._set.own:
            if name not in known:
                raise WordingError(
                    where=f"template {name}",
                    found="no message uses it",
                    expected="one of " + ", ".join(sorted(known)),
                )
        return self._set.own

"""What a place of the agreement is called: its section, its subject, and what of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from accord.agreement.differences.told import ORDER, Path
from accord.agreement.written import say_name

SECTIONS: Mapping[str, str] = {
    "version": "Version and scope",
    "effective_from": "Version and scope",
    "currency": "Version and scope",
    "timezone": "Version and scope",
    "stages": "Common terms",
    "segments": "Common terms",
    "qualification": "Scoring before the hand-over",
    "scoring": "Scoring before the hand-over",
    "targets": "Common goals",
    "commission": "Common goals",
    "handoff": "Funnel and hand-over",
    "teams": "Funnel and hand-over",
    "calendars": "Funnel and hand-over",
    "sla": "What each side owes the other",
    "cadence": "What each side owes the other",
    "reviews": "Joint reviews and quality of data",
    "quality": "Joint reviews and quality of data",
    "signed_by": "Signatures",
}
"""The chapter that each part of the file belongs to, in the order in which they are read."""

ENTRIES: tuple[tuple[Path, str], ...] = (
    (("signed_by", "*"), "signature of {0} in the document"),
    (("stages", "*"), "stage {0}"),
    (("segments", "*"), "segment {0}"),
    (("scoring", "fit", "rules", "*"), "fit rule {0}"),
    (("scoring", "engagement", "activities", "*"), "engagement for {0}"),
    (("scoring", "intent", "activities", "*"), "intent for {0}"),
    (("calendars", "*"), "calendar {0}"),
    (("teams", "*"), "team {0}"),
    (("sla", "sales", "*"), "sales' term {0}"),
    (("sla", "marketing", "*"), "marketing's term {0}"),
    (("sla", "escalation", "*"), "ladder {0}"),
    (("sla", "reasons", "*"), "reasons of what is {0}"),
    (("sla", "people", "*"), "person {0}"),
    (("targets", "segments", "*"), "target of segment {0}"),
    (("reviews", "*"), "review {0}"),
)
"""Entries that have a name of their own: a whole one may come or go."""

_PARTS: tuple[tuple[Path, str], ...] = (
    (("segments",), "segments"),
    (("scoring", "fit", "rules"), "fit rules"),
    (("scoring", "fit"), "fit"),
    (("scoring", "engagement"), "engagement"),
    (("scoring", "intent"), "intent"),
    (("qualification", "requalify"), "coming again after a return"),
    (("handoff", "routing", "mql"), "routing of MQLs"),
    (("handoff", "routing", "sql"), "routing of SQLs"),
    (("handoff", "capacity"), "capacity of a rep, leads"),
    (("handoff",), "hand-over"),
    (("cadence", "not_connected"), "playbook until the lead is reached"),
    (("cadence", "connected"), "playbook once the lead was reached"),
    (("targets", "conversion"), "conversion"),
    (("targets",), "targets"),
    (("commission", "marketing"), "commission of marketing"),
)

_WORDS: Mapping[str, str] = {
    "after": "earliest after",
    "approval_above": "approval above times the usual number",
    "at": "when",
    "by_segment": "time allowed for segment",
    "cap": "at most",
    "engaged": "threshold of engaged",
    "escalation": "ladder",
    "fresh_activity": "only with fresh activity",
    "from": "begins with",
    "hold_at_most": "hold a lead at most",
    "hold_batch_above": "hold a batch above failing rows",
    "hot": "threshold of hot",
    "keep_account_together": "keep a company together",
    "mql": "MQL threshold",
    ORDER: "",
    "pauses": "the clock pauses for",
    "target": "threshold of target",
    "to": "goes to",
    "until": "ends with",
    "when": "holds when",
    "within": "time allowed",
}


def section_of(path: Path) -> str:
    """Return the chapter that a place belongs to."""
    return SECTIONS.get(path[0], "Other")


@lru_cache(maxsize=4096)
def entry_of(path: Path) -> Path | None:
    """Return the place of the named entry that a place lies in, if it lies in one."""
    for pattern, _ in ENTRIES:
        if _fits(path, pattern) and path[-1] != ORDER:
            return path[: len(pattern)]
    return None


def say_place(path: Path) -> str:
    """Say what stands at a place, as a label.

    >>> say_place(("handoff", "hold_at_most")), say_place(("sla", "sales", "close", "within"))
    ('hand-over, hold a lead at most', "sales' term close, time allowed")
    """
    subject, rest = _subject_of(path)
    return ", ".join(part for part in (subject, say_aspect(rest)) if part)


def say_aspect(rest: Path) -> str:
    """Say what of a subject is meant."""
    return " ".join(filter(None, (_WORDS.get(one, one.replace("_", " ")) for one in rest)))


def _subject_of(path: Path) -> tuple[str, Path]:
    for pattern, words in (*ENTRIES, *_PARTS):
        if _fits(path, pattern) and not (pattern[-1] == "*" and path[-1] == ORDER):
            names = (say_name(path[at]) for at, step in enumerate(pattern) if step == "*")
            return words.format(*names), path[len(pattern) :]
    if path[0] in {"qualification", "quality"}:
        return "", path[1:]
    return "", path


def _fits(path: Path, pattern: Path) -> bool:
    return len(path) >= len(pattern) and all(
        wanted in ("*", step) for step, wanted in zip(path, pattern, strict=False)
    )

"""Names that may be defined only once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from accord.agreement.checks.wording import fault
from accord.agreement.document import join_path
from accord.agreement.tree import Tree
from accord.findings import Finding
from accord.records import Stage

Named = tuple[str, str]  # path, name

TOLD_BY_ROLE: tuple[str, ...] = ("rep", "manager")
"""Who is told by what they are to the lead, not by ``sla.people``."""


LIMIT = "limit"
"""The name of the line that says by how much the limit 0..cap changed the sum of the others."""


def find_names_used_twice(tree: Tree) -> Iterator[Finding]:
    """Segments and fit rules have names of their own."""
    for pattern in ("segments.*.name", "scoring.fit.rules.*.name"):
        yield from _repeated(tree.texts(pattern))


def find_words_used_twice(tree: Tree) -> Iterator[Finding]:
    """A reason stands once in its list, and so does who is told, and a team's channel."""
    for pattern in (
        "sla.reasons.*",
        "sla.escalation.*.*.notify",
        "reviews.*.to",
        "teams.*.channels",
        "stages.*.steps",
        "stages.*.programmes",
    ):
        for path, words in tree.lists(pattern):
            yield from _repeated(
                (join_path(path, index), word)
                for index, word in enumerate(words)
                if isinstance(word, str)
            )


def find_sides_signed_twice(tree: Tree) -> Iterator[Finding]:
    """Each side signs a version once."""
    yield from _repeated(tree.texts("signed_by.*.team"))


def find_aliases_used_twice(tree: Tree) -> Iterator[Finding]:
    """A source's word means one stage; a stage's own name is a word for it."""
    owners = {stage.value: f"stages.{stage.value}" for stage in Stage}
    for path, alias in tree.texts("stages.*.aliases.*"):
        here = path.partition(".aliases")[0]
        word = alias.strip().casefold()
        before = owners.setdefault(word, path)
        if before not in {path, here}:
            yield fault(
                "name_twice", path, f"{alias!r} stands at {before} too", "Give a word one stage."
            )


def find_kinds_in_two_scores(tree: Tree) -> Iterator[Finding]:
    """A kind of activity counts in engagement or in intent, never in both."""
    first = tree.keys("scoring.engagement.activities") or ()
    for kind in tree.keys("scoring.intent.activities") or ():
        if kind in first:
            yield fault(
                "activity_in_two_scores",
                f"scoring.intent.activities.{kind}",
                f"{kind} scores in engagement too",
                "Keep it in one of the two.",
            )


def find_reserved_people(tree: Tree) -> Iterator[Finding]:
    """``rep`` and ``manager`` are the lead's own; nobody else goes by these names."""
    for name in tree.keys("sla.people") or ():
        if name in TOLD_BY_ROLE:
            yield fault(
                "reserved_name",
                f"sla.people.{name}",
                "is who each lead has",
                "Choose another name.",
            )


def find_reserved_lines(tree: Tree) -> Iterator[Finding]:
    """A reason's line called ``limit`` says what the limit of a score did, and nothing else."""
    rules = (path for path, name in tree.texts("scoring.fit.rules.*.name") if name == LIMIT)
    sections = ("scoring.engagement.activities", "scoring.intent.activities")
    kinds = (f"{one}.{LIMIT}" for one in sections if LIMIT in (tree.keys(one) or ()))
    for path in (*rules, *kinds):
        found = "is the line of a score's limit"
        yield fault("reserved_name", path, found, "Choose another name.")


def _repeated(named: Iterable[Named]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for path, name in named:
        key = name.strip().casefold()
        if key in seen:
            yield fault(
                "name_twice", path, f"{name!r} stands at {seen[key]} too", "Keep one of them."
            )
        seen.setdefault(key, path)

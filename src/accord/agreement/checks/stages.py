"""The stages: their meaning is fixed, so the set, each one's part and owner are fixed too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from accord.agreement.checks.wording import fault
from accord.agreement.tree import Tree, nearest
from accord.findings import Finding
from accord.records import Part, Side, Stage

# Marketing owns the ways up to mql and out of nurture, sales those after.
_FIXED: Mapping[Stage, tuple[Part, Side]] = {
    Stage.NEW_NAME: (Part.TOP, Side.MARKETING),
    Stage.ENGAGED: (Part.TOP, Side.MARKETING),
    Stage.TARGET: (Part.TOP, Side.MARKETING),
    Stage.MQL: (Part.MIDDLE, Side.MARKETING),
    Stage.SAL: (Part.MIDDLE, Side.SALES),
    Stage.SQL: (Part.MIDDLE, Side.SALES),
    Stage.OPPORTUNITY: (Part.BOTTOM, Side.SALES),
    Stage.CUSTOMER: (Part.BOTTOM, Side.SALES),
    Stage.NURTURE: (Part.ASIDE, Side.MARKETING),
    Stage.DEFERRED: (Part.ASIDE, Side.SALES),
    Stage.LOST: (Part.ASIDE, Side.SALES),
    Stage.DISQUALIFIED: (Part.ASIDE, Side.SALES),
}
_STEPS: tuple[str, ...] = ("proposal", "contracting")  # the ones that conversions name


def find_missing_stages(tree: Tree) -> Iterator[Finding]:
    """Every stage of the revenue cycle is there."""
    for path, stages in tree.maps("stages"):
        for stage in Stage:
            if stage.value not in stages:
                remedy = "Its meaning is fixed: write its part, owner and aliases."
                yield fault("missing_key", f"{path}.{stage.value}", "is missing", remedy)


def find_wrong_owners(tree: Tree) -> Iterator[Finding]:
    """Marketing owns the ways up to mql and out of nurture, sales those after; parts are fixed."""
    for stage, (part, owner) in _FIXED.items():
        for key, kind, right in (("part", Part, part.value), ("owner", Side, owner.value)):
            for path, word in tree.texts(f"stages.{stage.value}.{key}"):
                if word != right and word in set(kind):
                    sentence = f"{word!r} is not the {key} of {stage.value}"
                    yield fault(f"wrong_{key}", path, sentence, f"Write {right}.")


def find_misplaced_words(tree: Tree) -> Iterator[Finding]:
    """Only an opportunity has steps, only nurture has programmes."""
    for key, home in (("steps", Stage.OPPORTUNITY), ("programmes", Stage.NURTURE)):
        for path, words in tree.lists(f"stages.*.{key}"):
            if words and path != f"stages.{home.value}.{key}":
                yield fault(f"misplaced_{key}", path, f"only {home} has {key}", "Leave it out.")
    for path, word in tree.texts(f"stages.{Stage.OPPORTUNITY.value}.steps.*"):
        if word not in _STEPS:
            yield fault("unknown_step", path, f"{word!r} is no step", nearest(word, _STEPS))

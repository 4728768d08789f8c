"""The policy of quality: which rules are asked of which source's batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from accord.errors import QualityError
from accord.findings import Finding
from accord.quality.model import BatchRule, Rule
from accord.records import Entity


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The rules of one entity, or of one source, in the order in which reasons are listed."""

    rows: tuple[Rule, ...] = ()
    batches: tuple[BatchRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every entity's suite, and those of the sources that have one of their own."""

    suites: Mapping[Entity, Suite] = field(default_factory=dict)
    sources: Mapping[str, tuple[Entity, Suite]] = field(default_factory=dict)
    where: str = "quality.yaml"

    def suite(self, source: str, entity: Entity) -> Suite:
        """Return the rules for a source's batches; QualityError if it is of another entity."""
        own = self.sources.get(source)
        if own is None:
            return self.suites.get(entity, Suite())
        if own[0] is not entity:
            fault = Finding(
                rule="quality.fault",
                subject=f"sources.{source}.entity",
                sentence=f"is {own[0]}, but the source gives {entity}.",
                remedy=f"Write {entity}, and rules of its fields.",
            )
            raise QualityError(where=self.where, faults=(fault,))
        return own[1]


_Named = TypeVar("_Named", Rule, BatchRule)


def merged(
    base: Iterable[_Named], added: Iterable[_Named], off: Iterable[str] = ()
) -> tuple[_Named, ...]:
    """Replace rules by id, in their place; new ones follow, those that are off are left out."""
    rules = {rule.rule: rule for rule in base} | {rule.rule: rule for rule in added}
    return tuple(rule for name, rule in rules.items() if name not in set(off))

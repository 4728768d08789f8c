"""Reading ``quality.yaml``: a text to a checked :class:`Policy`, or every fault at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from accord.errors import QualityError
from accord.findings import Finding
from accord.quality.checks import Fault, check_batch_rule, check_rule, nearest
from accord.quality.model import BatchRule, Part, Rule
from accord.quality.policy import Policy, Suite, merged
from accord.quality.wording import sentence_of
from accord.quality.yaml_text import fault, read_yaml
from accord.records import Entity

_SECTIONS = ("extends", "rows", "batches", "sources")
_OF_SOURCE = ("entity", "rows", "batches")
_ENTITIES = tuple(Entity)

_Named = TypeVar("_Named", Rule, BatchRule)


def parse_policy(text: str, *, where: str, shipped: Policy | None = None) -> Policy:
    """Read and check a policy's text (YAML 1.2); ``where`` names it in errors.

    With ``extends: shipped`` its rules replace those of ``shipped`` by id, in their place, and add
    to them. Raises QualityError whose ``faults`` are all that was found wrong, each with its path
    and remedy.
    """
    content, faults = read_yaml(text, where=where)
    reading = _Reading(faults=faults)
    policy = reading.policy(content, shipped, where)
    if reading.faults:
        raise QualityError(where=where, faults=tuple(reading.faults))
    return policy


@dataclass(slots=True, kw_only=True)
class _Change:
    """What one list of the document says of its rules."""

    rules: list[Any] = field(default_factory=list)
    off: dict[str, str] = field(default_factory=dict)  # rule -> its path


@dataclass(slots=True, kw_only=True)
class _Reading:
    """Reads one document, gathering faults on the way."""

    faults: list[Finding]

    def policy(self, content: Any, shipped: Policy | None, where: str) -> Policy:
        if not isinstance(content, dict):
            self._say("quality", "is no map of sections", f"Write {', '.join(_SECTIONS)}.")
            return Policy()
        self._check_keys(content, _SECTIONS, "")
        base = self._base(content, shipped)
        rows, batches = (self._map(content, name, "") for name in ("rows", "batches"))
        suites = {
            entity: self._suite(
                base.suites.get(entity, Suite()),
                {"rows": rows.get(entity.value), "batches": batches.get(entity.value)},
                entity,
                {part: f"{part}.{entity}" for part in ("rows", "batches")},
            )
            for entity in Entity
        }
        for name, section in (("rows", rows), ("batches", batches)):
            self._check_keys(section, _ENTITIES, name)
        sources = dict(base.sources)
        for name, own in self._map(content, "sources", "").items():
            found = self._source(f"sources.{name}", own, suites)
            sources |= {} if found is None else {str(name): found}
        return Policy(suites=suites, sources=sources, where=where)

    def _say(self, path: str, sentence: str, remedy: str) -> None:
        self.faults.append(fault(path, sentence, remedy))

    def _check_keys(self, content: Mapping[Any, Any], known: tuple[str, ...], path: str) -> None:
        for key in content:
            if key not in known:
                below = f"{path}.{key}" if path else str(key)
                self._say(below, "is not known here", nearest(str(key), known))

    def _map(self, content: Mapping[Any, Any], name: str, path: str) -> dict[Any, Any]:
        found = content.get(name)
        if found is None:
            return {}
        if isinstance(found, dict):
            return found
        self._say(f"{path}{name}", "is no map", "Write names, and under each what it holds.")
        return {}

    def _base(self, content: Mapping[Any, Any], shipped: Policy | None) -> Policy:
        extends = content.get("extends")
        if extends is None:
            return Policy()
        if extends == "shipped" and shipped is not None:
            return shipped
        self._say("extends", f"{extends!r} is nothing that can be extended", "Write shipped.")
        return shipped or Policy()

    def _source(
        self, path: str, own: Any, suites: Mapping[Entity, Suite]
    ) -> tuple[Entity, Suite] | None:
        if not isinstance(own, dict):
            self._say(path, "is no map", f"Write {', '.join(_OF_SOURCE)}.")
            return None
        self._check_keys(own, _OF_SOURCE, path)
        if own.get("entity") not in _ENTITIES:
            given = own.get("entity")
            said = "is missing" if given is None else f"{given!r} is no entity"
            self._say(f"{path}.entity", said, nearest(str(given), _ENTITIES))
            return None
        entity = Entity(own["entity"])
        return entity, self._suite(
            suites[entity], own, entity, {part: f"{path}.{part}" for part in ("rows", "batches")}
        )

    def _suite(
        self,
        base: Suite,
        parts: Mapping[str, Any],
        entity: Entity,
        paths: Mapping[str, str],
    ) -> Suite:
        rows = self._change(parts.get("rows"), Rule, entity, paths["rows"])
        batches = self._change(parts.get("batches"), BatchRule, entity, paths["batches"])
        suite = Suite(
            rows=merged(base.rows, rows.rules, rows.off),
            batches=merged(base.batches, batches.rules, batches.off),
        )
        self._check_off(rows, base.rows)
        self._check_off(batches, base.batches)
        for name in {one.rule for one in suite.rows} & {one.rule for one in suite.batches}:
            self._say(paths["batches"], f"{name} is the name of a rule about rows", "Rename it.")
        return suite

    def _check_off(self, change: _Change, base: tuple[Rule, ...] | tuple[BatchRule, ...]) -> None:
        known = tuple(rule.rule for rule in base)
        for name, path in change.off.items():
            if name not in known:
                self._say(path, f"{name} is no rule that stands", nearest(name, known or ("none",)))

    def _change(self, listed: Any, shape: type[_Named], entity: Entity, path: str) -> _Change:
        change = _Change()
        if listed is None:
            return change
        if not isinstance(listed, list):
            self._say(path, "is no list of rules", "Write a dash and a rule a line.")
            return change
        seen: set[str] = set()
        for index, entry in enumerate(listed):
            here = f"{path}[{index}]"
            name = entry.get("id") if isinstance(entry, dict) else None
            if name in seen:
                self._say(f"{here}.id", f"{name} is the name of two rules", "Rename one of them.")
            seen.add(str(name))
            if isinstance(entry, dict) and "off" in entry:
                self._switch_off(entry, here, change)
            else:
                change.rules += self._rule(entry, shape, entity, here)
        return change

    def _switch_off(self, entry: Mapping[str, Any], path: str, change: _Change) -> None:
        if set(entry) != {"id", "off"} or entry["off"] is not True:
            self._say(path, "is neither a rule nor one that is off", "Write {id: NAME, off: true}.")
        else:
            change.off[str(entry["id"])] = path

    def _rule(self, entry: Any, shape: type[_Named], entity: Entity, path: str) -> list[_Named]:
        try:
            rule = shape.model_validate(entry)
        except ValidationError as error:
            self.faults += [_shape_fault(path, one, shape) for one in error.errors()]
            return []
        found = list(_faults_of(rule, entity))
        for below, sentence, remedy in found:
            self._say(f"{path}.{below}" if below else path, sentence, remedy)
        return [] if found else [_worded(rule)]


def _faults_of(rule: Rule | BatchRule, entity: Entity) -> Iterator[Fault]:
    if isinstance(rule, Rule):
        yield from check_rule(rule, entity)
    else:
        yield from check_batch_rule(rule, entity)


def _worded(rule: _Named) -> _Named:
    """Write the sentence of a rule about rows that the document leaves out."""
    if not isinstance(rule, Rule):
        return rule
    return rule.model_copy(update={"sentence": sentence_of(rule)})


def _shape_fault(path: str, error: Any, shape: type[Part]) -> Finding:
    steps = [step for step in error["loc"] if step not in _UNION_STEPS]
    below = path + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    if error["type"] == "extra_forbidden":
        return fault(below, "is not known here", nearest(str(steps[-1]), _keys_of(shape, steps)))
    if error["type"] == "missing":
        return fault(below, "is missing", "Add it.")
    message = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    found, _, remedy = message.partition("; ")
    remedy = remedy or "Correct it"
    return fault(below, found[:1].lower() + found[1:], f"{remedy[:1].upper()}{remedy[1:]}.")


_UNION_STEPS = frozenset({"literal['schema']", "tuple[str, ...]", "tuple[constrained-str, ...]"})


def _keys_of(shape: type[Part], steps: list[Any]) -> tuple[str, ...]:
    """Return the keys that are known where an unknown one stands: of a rule, or of a part of it."""
    known: Any = shape
    for step in steps[:-1]:
        annotation = known.model_fields[step].annotation
        known = next(
            (one for one in getattr(annotation, "__args__", ()) if hasattr(one, "model_fields")),
            shape,
        )
    return tuple(one.alias or name for name, one in known.model_fields.items())

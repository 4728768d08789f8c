"""The quality policy that stands: the team's file if there is one, else the shipped one."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from accord.conditions import write_condition
from accord.errors import InputError
from accord.quality import Policy, Rule, Suite, batch_sentence_of, parse_policy
from accord.records import Entity
from accord.services.settings import Settings
from accord.services.shipped import shipped_file

_SHIPPED = "quality.yaml"


def quality_policy(settings: Settings) -> Policy:
    """Return the policy in force; the same text is parsed once a process.

    QualityError with every fault of the file; InputError if the settings name one that is not
    there, or cannot be read.
    """
    text = _read_text(settings)
    return shipped_policy() if text is None else _parsed(text, str(settings.quality))


@cache
def shipped_policy() -> Policy:
    """Return the policy that comes with the package."""
    with shipped_file(_SHIPPED) as path:
        return parse_policy(path.read_text("utf-8"), where=_SHIPPED)


@lru_cache(maxsize=8)
def _parsed(text: str, where: str) -> Policy:
    return parse_policy(text, where=where, shipped=shipped_policy())


def _read_text(settings: Settings) -> str | None:
    where = str(settings.quality)
    try:
        return Path(settings.quality).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        if "quality" not in settings.model_fields_set:
            return None
        remedy = "write one that begins with extends: shipped, or unset ACCORD_QUALITY"
        raise InputError(where=where, found="is not there", remedy=remedy) from None
    except UnicodeDecodeError as error:
        found = f"is no UTF-8 text at byte {error.start}"
        raise InputError(where=where, found=found, remedy="save it as UTF-8") from None
    except OSError as error:
        raise InputError(where=where, found=f"cannot be read: {error.strerror}") from None


def policy_in_words(
    settings: Settings, *, entity: str | None = None, source: str | None = None
) -> list[dict[str, str]]:
    """Return every rule in words, in the order of the policy: a row each, as text.

    Of one entity, or of a source that has rules of its own. InputError if it is none.
    """
    policy = quality_policy(settings)
    suites = [(str(one), suite) for one, suite in policy.suites.items()]
    suites += [(name, suite) for name, (_, suite) in policy.sources.items()]
    wanted = source if source is not None else entity
    if source is not None and source not in policy.sources:
        known = ", ".join(policy.sources) or "none"
        raise InputError(
            where="--source",
            found=f"{source!r} has no rules of its own",
            expected=known,
            remedy="leave it out, and name the entity",
        )
    if source is None and entity is not None and entity not in [name for name, _ in suites]:
        raise InputError(
            where="--entity", found=f"{entity!r} is no entity", expected=", ".join(Entity)
        )
    return [
        row
        for name, suite in suites
        if wanted in (None, name)
        for row in (*(_row_rule(name, one) for one in suite.rows), *_batch_rules(name, suite))
    ]


def _row_rule(of: str, rule: Rule) -> dict[str, str]:
    conditions = "" if rule.when is None else f", where {_when(rule)}"
    tolerated = "" if rule.mostly is None else f"while {rule.mostly * 100:g} % pass"
    return {
        "of": of,
        "rule": rule.rule,
        "about": "a row",
        "severity": rule.severity.value,
        "fails if": f"{_SAID.get(str(rule.sentence), str(rule.sentence))}{conditions}",
        "tolerated": tolerated,
    }


_SAID = {
    "lacks {}": "a field that it needs is missing",
    "{}": "text is no value of its field",
}


def _when(rule: Rule) -> str:
    written = {} if rule.when is None else write_condition(rule.when)
    parts = []
    for name, matcher in written.items():
        tests = matcher.items() if isinstance(matcher, dict) else ()
        parts += [f"{name} {operator} {_listed(value)}" for operator, value in tests]
    return " and ".join(parts)


def _listed(value: object) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _batch_rules(of: str, suite: Suite) -> list[dict[str, str]]:
    return [
        {
            "of": of,
            "rule": rule.rule,
            "about": "a batch",
            "severity": rule.severity.value,
            "fails if": f"{batch_sentence_of(rule)} (from {rule.min_rows} rows on)",
            "tolerated": "",
        }
        for rule in suite.batches
    ]

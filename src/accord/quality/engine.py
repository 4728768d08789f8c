"""Running rules by Great Expectations: one ephemeral context a process, serially.

The library takes seconds to import, so it is imported by the first batch. Only the columns that
rules name are passed: every column of a batch is hashed. Results are asked for COMPLETE, without
index columns, which lists every failing row; that it does is checked for every rule.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from accord.errors import AccordError
from accord.quality.rules import EARLIEST, LATEST, Rule

_ROWS_AT_ONCE = 1_000_000
_SMALL = 10_000
_KEPT = "_kept_configuration"
_SLACK = timedelta(days=1)
_FIRST = datetime(1990, 1, 1, tzinfo=UTC)
_FORMAT = {
    "result_format": "COMPLETE",
    "return_unexpected_index_query": False,
    "partial_unexpected_count": 0,
}

Positions = np.ndarray[Any, np.dtype[np.int64]]
_NONE: Positions = np.empty(0, dtype=np.int64)


def failing(
    frame: pd.DataFrame, rules: Sequence[Rule], *, as_of: datetime
) -> Iterator[tuple[Rule, Positions]]:
    """Yield each rule that rows fail, with the positions of all of them, in order.

    ``frame`` has an index from 0 and the columns that the rules name. A value exactly at a bound
    passes. AccordError if Great Expectations fails, or does not list every row that it counts.
    """
    # A column that holds nothing passes every rule: nulls are never judged, see the rules.
    run = [rule for rule in rules if frame[rule.column].notna().any()]
    if not run or frame.empty:
        return
    narrow = frame[list(dict.fromkeys(rule.column for rule in run))]
    found: dict[int, list[Positions]] = {index: [] for index in range(len(run))}
    for start in range(0, len(narrow), _ROWS_AT_ONCE):
        part = narrow.iloc[start : start + _ROWS_AT_ONCE].reset_index(drop=True)
        for index, positions in enumerate(_validate(part, run, as_of=as_of)):
            found[index].append(positions + start)
    for index, rule in enumerate(run):
        positions = np.concatenate(found[index])
        if len(positions):
            yield rule, np.sort(positions)


def _validate(frame: pd.DataFrame, rules: Sequence[Rule], *, as_of: datetime) -> list[Positions]:
    """Run the rules over one frame; the positions of failing rows for each.

    What a small batch costs is the library's bookkeeping, which is half as much where only yes or
    no is asked for. So a small batch is first asked that, and then for the rows of what failed.
    """
    found = [_NONE for _ in rules]
    asked = list(range(len(rules)))
    if len(frame) <= _SMALL:
        answers = _run(
            frame, rules, asked, result_format={"result_format": "BOOLEAN_ONLY"}, as_of=as_of
        )
        asked = [index for index in asked if not _has_passed(answers.get(index), rules[index])]
    if asked:
        results = _run(frame, rules, asked, result_format=_FORMAT, as_of=as_of)
        for index in asked:
            found[index] = _positions(results.get(index), rules[index])
    return found


def _run(
    frame: pd.DataFrame,
    rules: Sequence[Rule],
    asked: Sequence[int],
    *,
    result_format: Mapping[str, Any],
    as_of: datetime,
) -> dict[int, Any]:
    """Run some of the rules as one suite; the library's results by the rules' places."""
    library, definition = _machinery()
    suite = library.ExpectationSuite(
        name="batch",
        expectations=[
            _expectation(library, rules[index], place=str(index), as_of=as_of) for index in asked
        ],
    )
    batch = definition.get_batch(batch_parameters={"dataframe": frame})
    results = batch.validate(suite, result_format=dict(result_format)).results
    return {int(one.expectation_config.meta["place"]): one for one in results}


def _has_passed(result: Any, rule: Rule) -> bool:
    """Say whether no row failed; AccordError if the rule could not be run."""
    if result is None or _raised(result.exception_info):
        raise AccordError(f"quality rule {rule.rule} could not be run: {_problem(result)}")
    return bool(result.success)


@cache
def _machinery() -> tuple[Any, Any]:
    """Import the library and make the one context; gives it and the definition of a batch."""
    with warnings.catch_warnings():  # its imports of what Python is to drop are no news of ours
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations as library
        from great_expectations.data_context.types.base import ProgressBarsConfig

    context = library.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("accord").add_dataframe_asset("batch")
    return library, asset.add_batch_definition_whole_dataframe("whole")


def _expectation(library: Any, rule: Rule, *, place: str, as_of: datetime) -> Any:
    """Build the expectation of a rule; ``meta`` carries the rule's place and id."""
    bounds = {EARLIEST: pd.Timestamp(_FIRST), LATEST: pd.Timestamp(as_of + _SLACK)}
    terms: Mapping[str, Any] = {
        name: bounds.get(value, value) if isinstance(value, str) else value
        for name, value in rule.terms.items()
    }
    kind = _kind(library, rule.expectation)
    return kind(column=rule.column, **terms, meta={"place": place, "rule": rule.rule})


@cache
def _kind(library: Any, name: str) -> Any:
    """Return the library's expectation of that name, made to work out its configuration once.

    A run asks each expectation for its configuration more than a hundred times, and each time it
    is worked out anew: half of what a small batch costs.
    """
    kind = getattr(library.expectations, name)

    def configuration(self: Any) -> Any:
        if _KEPT not in self.__dict__:
            self.__dict__[_KEPT] = kind.configuration.fget(self)
        return self.__dict__[_KEPT]

    registry = logging.getLogger("great_expectations.expectations.registry")
    registry.disabled = True  # it would warn that the name is taken, by what this is made from
    try:
        members = {"configuration": property(configuration), "__module__": kind.__module__}
        return type(name, (kind,), members)
    finally:
        registry.disabled = False


def _positions(result: Any, rule: Rule) -> Positions:
    passed = _has_passed(result, rule)
    listed = result.result.get("unexpected_index_list") or []
    counted = result.result.get("unexpected_count")
    if counted is None or counted != len(listed) or passed != (counted == 0):
        raise AccordError(
            f"quality rule {rule.rule}: {counted} rows fail and {len(listed)} are listed; "
            "no row of this batch is taken"
        )
    return np.asarray(listed, dtype=np.int64)


def _raised(info: Any) -> bool:
    """Say whether an exception stands in a result: of the rule as a whole, or of one metric."""
    entries = [info] if "raised_exception" in info else list(info.values())
    return any(entry.get("raised_exception") for entry in entries)


def _problem(result: Any) -> str:
    return "it gave no result" if result is None else str(result.exception_info)[:500]

"""Running probes by Great Expectations: one ephemeral context a process, serially.

The library takes seconds to import, so it is imported by the first batch. Results are asked for
COMPLETE, without index columns, which lists every failing row; that it does is checked for every
rule.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from accord.errors import AccordError
from accord.quality.checked import Probe

_SMALL = 10_000
_SERIALLY = Lock()  # the library keeps one project a process
_SPARK = ("pyspark", "pyspark.sql.connect")
_KEPT = "_kept_configuration"
_FORMAT = {
    "result_format": "COMPLETE",
    "return_unexpected_index_query": False,
    "partial_unexpected_count": 0,
}

Positions = np.ndarray[Any, np.dtype[np.int64]]
_NONE: Positions = np.empty(0, dtype=np.int64)


def failing(probes: Sequence[Probe]) -> list[Positions]:
    """Return for each probe the positions of all rows that fail, in order.

    Every column has the same rows, and something in it; its nulls pass. AccordError if Great
    Expectations fails, or does not list every row that it counts.

    What a small batch costs is the library's bookkeeping, which is half as much where only yes or
    no is asked for. So a small batch is first asked that, and then for the rows of what failed.
    """
    found = [_NONE for _ in probes]
    asked = list(range(len(probes)))
    if probes and len(probes[0].column) <= _SMALL:
        answers = _run(probes, asked, {"result_format": "BOOLEAN_ONLY"})
        asked = [index for index in asked if not _has_passed(answers.get(index), probes[index])]
    if asked:
        results = _run(probes, asked, _FORMAT)
        for index in asked:
            found[index] = _positions(results.get(index), probes[index])
    return found


def _run(
    probes: Sequence[Probe], asked: Sequence[int], result_format: Mapping[str, Any]
) -> dict[int, Any]:
    """Run some of the probes as one suite; the library's results by the probes' places."""
    with _SERIALLY:
        return _validate(probes, asked, result_format)


def _validate(
    probes: Sequence[Probe], asked: Sequence[int], result_format: Mapping[str, Any]
) -> dict[int, Any]:
    library, definition = _machinery()
    frame, names = _frame([probes[index] for index in asked])
    suite = library.ExpectationSuite(
        name="batch",
        expectations=[
            _expectation(library, probes[index], column=name, place=str(index))
            for index, name in zip(asked, names, strict=True)
        ],
    )
    batch = definition.get_batch(batch_parameters={"dataframe": frame})
    results = batch.validate(suite, result_format=dict(result_format)).results
    return {int(one.expectation_config.meta["place"]): one for one in results}


def _frame(probes: Sequence[Probe]) -> tuple[pd.DataFrame, list[str]]:
    """Put the columns side by side; one that several probes look at is passed once."""
    named: dict[int, str] = {}
    columns: dict[str, pd.Series] = {}
    names = []
    for probe in probes:
        name = named.setdefault(id(probe.column), f"c{len(named)}")
        columns[name] = probe.column
        names.append(name)
    return pd.DataFrame(columns, copy=False), names


def _has_passed(result: Any, probe: Probe) -> bool:
    """Say whether no row failed; AccordError if the rule could not be run."""
    if result is None or _raised(result.exception_info):
        raise AccordError(f"quality rule {probe.rule} could not be run: {_problem(result)}")
    return bool(result.success)


@cache
def _machinery() -> tuple[Any, Any]:
    """Import the library and make the one context; gives it and the definition of a batch."""
    with _no_spark(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # imports of what Python is to drop
        import great_expectations as library
        from great_expectations.data_context.types.base import ProgressBarsConfig

    context = library.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("accord").add_dataframe_asset("batch")
    return library, asset.add_batch_definition_whole_dataframe("whole")


@contextmanager
def _no_spark() -> Iterator[None]:
    """Let an import find no Spark: the frames judged here are of pandas.

    Great Expectations imports Spark wherever it is installed, which takes a second; and where its
    Connect client is not, a process begun by ``python -c`` ends without a word.
    """
    before = {name: sys.modules[name] for name in _SPARK if name in sys.modules}
    sys.modules.update(dict.fromkeys(_SPARK))  # type: ignore[arg-type]  # None: no such module
    try:
        yield
    finally:
        for name in _SPARK:
            del sys.modules[name]
        sys.modules.update(before)


def _expectation(library: Any, probe: Probe, *, column: str, place: str) -> Any:
    """Build the expectation of a probe; ``meta`` carries its place and the rule's id."""
    kind = _kind(library, probe.expectation)
    return kind(column=column, **probe.terms, meta={"place": place, "rule": probe.rule})


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


def _positions(result: Any, probe: Probe) -> Positions:
    passed = _has_passed(result, probe)
    listed = result.result.get("unexpected_index_list") or []
    counted = result.result.get("unexpected_count")
    if counted is None or counted != len(listed) or passed != (counted == 0):
        raise AccordError(
            f"quality rule {probe.rule}: {counted} rows fail and {len(listed)} are listed; "
            "no row of this batch is taken"
        )
    return np.sort(np.asarray(listed, dtype=np.int64))


def _raised(info: Any) -> bool:
    """Say whether an exception stands in a result: of the rule as a whole, or of one metric."""
    entries = [info] if "raised_exception" in info else list(info.values())
    return any(entry.get("raised_exception") for entry in entries)


def _problem(result: Any) -> str:
    return "it gave no result" if result is None else str(result.exception_info)[:500]
